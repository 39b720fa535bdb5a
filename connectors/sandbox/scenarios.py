"""Scenarios: one small service per trap, whose answer is written here as a literal.

The literals were worked out by hand from what each scenario says, before any event of it is made
(`scenario_events` makes them); a test holds the planted answers to them.
"""

from dataclasses import dataclass

QUARTER_BEFORE, QUARTER = "2026-Q2", "2026-Q3"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One number that has to be published; `value` None: nothing can be said although n is known.

    Where `n` is below the least that the product publishes, it withholds the value.
    """

    metric: str
    statistic: str
    value: float | None
    n: int
    scope: str
    period: str = QUARTER
    open_count: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One trap: the service it is played on, what happens there, and what has to come out."""

    name: str
    what: str
    expected: tuple[Expectation, ...]

    @property
    def service(self) -> str:
        """The id of its service, which is the scenario's name."""
        return self.name


def _lead(service: str, hours: float, n: int, statistic: str = "p50") -> Expectation:
    return Expectation("change_lead_time", statistic, hours, n, f"service:{service}")


def _deployments(service: str, count: int) -> Expectation:
    return Expectation("deployment_frequency", "count", float(count), count, f"service:{service}")


def _failures(service: str, failed: int, of: int, period: str = QUARTER) -> Expectation:
    return Expectation("change_failure_rate", "ratio", failed / of, of, f"service:{service}", period)


def _stage(service: str, metric: str, hours: float, n: int) -> Expectation:
    return Expectation(f"pull_request_{metric}", "p50", hours, n, f"service:{service}")


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "lanterns",
        "Every change takes 26 hours from its first commit and 2 hours from its merge.",
        (
            _lead("lanterns", 26.0, 12),
            _lead("lanterns", 26.0, 12, "p85"),
            _lead("lanterns", 2.0, 12, "p50_from_merge"),
        ),
    ),
    Scenario(
        "weathervane",
        "Of six deployments three are rolled back two hours later. A rollback is a deployment.",
        (
            _failures("weathervane", 3, 9),
            _deployments("weathervane", 9),
            _lead("weathervane", 6.0, 6),
            Expectation("failed_deployment_recovery_time", "p50", 2.0, 3, "service:weathervane"),
        ),
    ),
    Scenario(
        "bellows",
        "Three of five deployments are repeated a day later, one two hours later. An incident follows a "
        "repetition of the first kind, too late for the deployment itself; one the other, in time for it.",
        (_deployments("bellows", 5), _failures("bellows", 1, 5), _lead("bellows", 6.0, 5)),
    ),
    Scenario(
        "tinder",
        "Five deployments and two hotfixes: one told by its branch two hours after a deployment, one by "
        "its label 26 hours after another, which is too late to tell against it.",
        (_failures("tinder", 1, 7), _deployments("tinder", 7)),
    ),
    Scenario(
        "echoes",
        "Each of five deployments is reported by two regions, six minutes apart.",
        (_deployments("echoes", 5), _failures("echoes", 0, 5), _lead("echoes", 6.0, 5)),
    ),
    Scenario(
        "kindling",
        "Each of five deployments fails at first and succeeds an hour later with the same commit.",
        (_deployments("kindling", 5), _lead("kindling", 7.0, 5)),
    ),
    Scenario(
        "driftwood",
        "Five deployments, and one of a commit that is in no branch.",
        (_deployments("driftwood", 6), _lead("driftwood", 6.0, 5)),
    ),
    Scenario(
        "rehearsal",
        "Five deployments to staging before those to production, which are superseded later.",
        (_deployments("rehearsal", 5), _lead("rehearsal", 6.0, 5)),
    ),
    Scenario(
        "almanac",
        "Five releases, each after a candidate that is no deployment.",
        (_deployments("almanac", 5), _lead("almanac", 6.0, 5)),
    ),
    Scenario(
        "keystone",
        "Four changes are in the first deployment known, three come later.",
        (_lead("keystone", 6.0, 3), _deployments("keystone", 3)),
    ),
    Scenario(
        "standstill",
        "Of five merged changes two are in production two hours later; then deployments stop.",
        (
            Expectation("time_to_production", "p50_from_merge", None, 5, "service:standstill", QUARTER, 3),
            _lead("standstill", 2.0, 2, "p50_from_merge"),
        ),
    ),
    Scenario(
        "seedling",
        "Drafts until noon; a bot and the author comment first; somebody reviews at 15:00, merged at "
        "20:00. One more is merged without any review. All change the architecture.",
        (
            Expectation("architecture_change_review_time", "p50", 5.0, 3, "service:seedling"),
            _stage("seedling", "pickup_time", 3.0, 3),
            _stage("seedling", "review_time", 5.0, 3),
            _stage("seedling", "time_to_merge", 8.0, 4),
        ),
    ),
    Scenario(
        "sprouts",
        "Drafts that somebody reviews before they are ready at noon; merged at 20:00.",
        (_stage("sprouts", "pickup_time", 0.0, 3), _stage("sprouts", "time_to_merge", 8.0, 3)),
    ),
    Scenario(
        "grafting",
        "Three changes amended after their opening (10 hours from it), three rebased (14 hours from "
        "the first commit, whose author date a rebase keeps).",
        (_lead("grafting", 12.0, 6),),
    ),
    Scenario(
        "junction",
        "Two changes by each merge method: squash, merge commit, rebase. Ten hours each.",
        (_lead("junction", 10.0, 6), _lead("junction", 2.0, 6, "p50_from_merge")),
    ),
    Scenario(
        "clockwork",
        "Three changes of people in six hours, seven of bots in two.",
        (_lead("clockwork", 6.0, 3), _stage("clockwork", "time_to_merge", 3.0, 3)),
    ),
    Scenario(
        "smoulder",
        "Five failed deployments, mended after 1, 2 and 3 hours and two not at all.",
        (
            Expectation("failed_deployment_recovery_time", "p50", 3.0, 5, "service:smoulder", QUARTER, 2),
            _failures("smoulder", 5, 5),
        ),
    ),
    Scenario(
        "signpost",
        "An incident names the deployment before the latest one, which was in the quarter before.",
        (_failures("signpost", 1, 6, QUARTER_BEFORE), _failures("signpost", 0, 5)),
    ),
    Scenario(
        "harvest",
        "While an incident lasts, a change of the deployment before the latest one is reverted.",
        (_failures("harvest", 1, 6, QUARTER_BEFORE), _failures("harvest", 0, 5)),
    ),
    Scenario(
        "doorstep",
        "Incidents exactly 24 hours, 24 hours and a second, and no time at all after a deployment.",
        (_failures("doorstep", 2, 5),),
    ),
    Scenario(
        "chorus",
        "Two incidents after one deployment; a third, after another, is merged into the first.",
        (_failures("chorus", 1, 5),),
    ),
    Scenario(
        "caterpillar",
        "The repository is renamed half-way; the configuration knows its earlier name.",
        (_lead("caterpillar", 6.0, 6), _deployments("caterpillar", 6)),
    ),
    Scenario(
        "baton",
        "Four deployments while one team owns the service and six once another does.",
        (
            Expectation("deployment_frequency", "count", 4.0, 4, "team:baton-first"),
            Expectation("deployment_frequency", "count", 6.0, 6, "team:baton-second"),
            Expectation("change_lead_time", "p50", 6.0, 6, "team:baton-second"),
        ),
    ),
    Scenario(
        "twins-north",
        "One repository, two services: north has a change after 10 hours, south after 20. Their team "
        "counts each change once, when it first arrived.",
        (
            _lead("twins-north", 10.0, 6),
            _lead("twins-south", 20.0, 6),
            Expectation("change_lead_time", "p50", 10.0, 6, "team:twins"),
            Expectation("deployment_frequency", "count", 12.0, 12, "team:twins"),
        ),
    ),
    Scenario(
        "workbench",
        "In progress at the end of the quarter: started 1 September; reopened, first started 31 August; "
        "back in the backlog for a while, started 10 September; blocked, started 21 September. Not: back "
        "in the backlog for good, never started, dropped, deleted.",
        (
            Expectation("work_in_progress", "level", 4.0, 4, "service:workbench"),
            Expectation("work_item_age", "max", 31.0, 4, "service:workbench"),
            Expectation("work_item_age", "p50", 25.5, 4, "service:workbench"),
        ),
    ),
    Scenario(
        "attic",
        "Started on 4 November 2024, before anything of the organisation is counted; never finished.",
        (
            Expectation("work_in_progress", "level", 1.0, 1, "service:attic"),
            # 365 days to 4 November 2025, 330 more to 30 September 2026, both ends counted.
            Expectation("work_item_age", "max", 696.0, 1, "service:attic"),
        ),
    ),
    Scenario(
        "notebook",
        "Of eight finished items five were planned: three before their sprint began, one that was put back "
        "later, one that was never begun. Not planned: one selected and one begun in a sprint that had "
        "begun, a bug. Of five changes two name a known item.",
        (
            Expectation("unplanned_share", "ratio", 3 / 8, 8, "service:notebook"),
            Expectation("linked_work_share", "ratio", 2 / 5, 5, "service:notebook"),
        ),
    ),
)
