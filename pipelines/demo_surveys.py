"""The demo's surveys: six quarters and a pulse, held as they would be held with people, only at once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from connectors.ballots.box import Box
from connectors.sandbox.opinions import SURVEYS, Answers, Survey, opinions
from connectors.sandbox.world import World
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.survey.asking import WaveError, close_wave, open_wave
from pipelines.survey.calendar import DAYS_OPEN
from pipelines.survey.held import BALLOTS, warehouse_of
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import codes_in_memory
from pipelines.survey.year import Wish, plan_year

MORNING = time(8, tzinfo=UTC)


def hold_surveys(configuration: Configuration, home: Home, world: World) -> None:
    """Plan, ask, close and publish each survey of the sandbox that was not yet held in this home folder.

    Raises:
        WaveError: one was interrupted, so that the key to its answers is gone.
    """
    with warehouse_of(home, makes_it=True) as con:  # kept open: to open it thirty times would take seconds
        assert con is not None
        states = dict(con.execute("SELECT wave_id, state FROM survey.wave").fetchall())
        for number, survey in enumerate(SURVEYS):
            if states.get(survey.id) == "published":
                continue
            if survey.id in states:
                raise WaveError(
                    f"{home.path}: {survey.id} was interrupted, and the key to its answers is gone. "
                    "Remove this folder, and run `outcomes demo` again"
                )
            if number == 0 or SURVEYS[number - 1].planned_on != survey.planned_on:
                plan_year(configuration, home, Wish(is_frozen=True), _morning(survey.planned_on))
            with TemporaryDirectory() as folder:
                _hold(configuration, home, survey, opinions(world, survey), Path(folder) / "wave.key")


def _hold(
    configuration: Configuration,
    home: Home,
    survey: Survey,
    said: Mapping[str, Answers | None],
    key_file: Path,
) -> None:
    opens_at = _morning(survey.opens_on)
    wave = open_wave(configuration, home, key_file, opens_at, survey.kind).wave_id
    box = Box(home.path / BALLOTS)
    for account, code in codes_in_memory(home).items():
        answers = said[account]
        if answers is not None:
            box.cast(wave, code, answers, None, opens_at)
    over = opens_at + timedelta(days=DAYS_OPEN + 1)
    close_wave(home, over)
    publish_wave(configuration, home, key_file, over)


def _morning(day: date) -> datetime:
    return datetime.combine(day, MORNING)
