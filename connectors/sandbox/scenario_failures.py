"""Plays the scenarios in which production fails: rollbacks, hotfixes, incidents and whom they blame."""

from datetime import timedelta

from connectors.sandbox.scenario_stage import HOUR, Stage, at, days


def weathervane(stage: Stage) -> None:
    """The second, fourth and sixth deployment are rolled back to what was live before each."""
    midnights = days(6)
    stage.routine(midnights)
    for number in (1, 3, 5):
        deployed = midnights[number] + 14 * HOUR
        stage.deploy(deployed + 2 * HOUR, content=midnights[number - 1] + 14 * HOUR)
    stage.finish()


def bellows(stage: Stage) -> None:
    """Incidents an hour after repetitions: 31 hours after the deployment itself, and 3 hours after it."""
    midnights = days(5)
    stage.routine(midnights)
    for midnight, later in ((midnights[0], 30), (midnights[1], 30), (midnights[2], 30), (midnights[4], 2)):
        deployed = midnight + 14 * HOUR
        stage.deploy(deployed + later * HOUR, content=deployed)
    for started in (midnights[0] + 45 * HOUR, midnights[4] + 17 * HOUR):
        stage.incident(started, started + HOUR)
    stage.finish()


def tinder(stage: Stage) -> None:
    """Hotfixes opened 2 hours after the second and 26 hours after the fourth deployment."""
    midnights = days(5)
    stage.routine(midnights)
    for number, delay in ((1, 2), (3, 26)):
        opened = midnights[number] + (14 + delay) * HOUR
        fix = stage.change(opened - HOUR, opened, opened + HOUR)
        if delay == 2:
            fix.head_ref = "hotfix/empty-page"
        else:
            fix.labels.append("hotfix")
        stage.deploy(opened + 2 * HOUR)
    stage.finish()


def smoulder(stage: Stage) -> None:
    """An incident an hour after each deployment; the last two are never resolved."""
    midnights = days(5)
    stage.routine(midnights)
    for midnight, lasting in zip(midnights, (1, 2, 3, None, None), strict=True):
        started = midnight + 15 * HOUR
        stage.incident(started, started + lasting * HOUR if lasting else None)
    stage.finish()


def _across_quarters(stage: Stage) -> None:
    """Five deployments up to 30 June 20:00 and five from 1 July 08:00 (UTC) on."""
    for midnight in [*days(4, "06-20"), at("06-30")]:
        stage.simple(midnight)
        stage.deploy(midnight + 20 * HOUR)
    for midnight in days(5, "07-01"):
        stage.change(midnight + 5 * HOUR, midnight + 6 * HOUR, midnight + 7 * HOUR)
        stage.deploy(midnight + 8 * HOUR)


def signpost(stage: Stage) -> None:
    """The incident of 1 July names the deployment of 30 June."""
    _across_quarters(stage)
    stage.incident(at("07-01", "10:00"), at("07-01", "11:00"), deployed_at=at("06-30", "20:00"))
    stage.finish()


def harvest(stage: Stage) -> None:
    """During the incident of 1 July the change of 30 June is reverted."""
    _across_quarters(stage)
    stage.incident(at("07-01", "10:00"), at("07-01", "16:00"))
    reverted = next(one for one in stage.branch.merged if one.merged_at == at("06-30", "12:00"))
    opened = at("07-01", "12:00")
    revert = stage.change(opened, opened, opened + HOUR)
    revert.title, revert.reverts = f'Revert "{reverted.title}"', reverted.id
    stage.finish()


def doorstep(stage: Stage) -> None:
    """Incidents on either side of the window and at its very beginning."""
    midnights = days(5, apart=4)
    stage.routine(midnights)
    for number, delay in enumerate((24 * HOUR, 24 * HOUR + timedelta(seconds=1), timedelta(0))):
        started = midnights[number] + 14 * HOUR + delay
        stage.incident(started, started + HOUR)
    stage.finish()


def chorus(stage: Stage) -> None:
    """Two incidents on the second deployment; one after the fourth merged into the first."""
    midnights = days(5)
    stage.routine(midnights)
    started = midnights[1] + 15 * HOUR
    first = stage.incident(started, started + 5 * HOUR)
    stage.incident(started + HOUR, started + 2 * HOUR)
    later = midnights[3] + 15 * HOUR
    stage.incident(later, later + HOUR).merged_into = first.id
    stage.finish()
