"""Commands of a wave that are killed at each of their steps: the next call brings them to the same end."""

import shutil
from datetime import timedelta

import duckdb
import pytest
from asked_waves import NOW, codes_of, items_of, place_in, published_once, query, vote

from connectors.ballots import box
from connectors.ballots.box import Refused
from connectors.journal.open_survey import last_said
from pipelines.survey import asking, private_files, publishing, wave_codes
from pipelines.survey.asking import close_wave, discard_wave, open_wave
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import codes_in_memory, make_codes

OVER = NOW + timedelta(days=11)
CELLS = "SELECT * FROM survey.published_cell ORDER BY ALL"
STATE = "SELECT state FROM survey.wave"
MEMBERS = "SELECT count(*) FROM survey.wave_member"


class Killed(BaseException):
    """What no code of ours catches: to it, the process ends here."""


@pytest.fixture
def killing(monkeypatch):
    """Does a command that ends right before or right after a step of it."""

    def run(step, when, command):
        owner, name = step
        real = getattr(owner, name)

        def killed(*arguments, **more):
            if when == "after":
                real(*arguments, **more)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, killed)
            with pytest.raises(Killed):
                command()

    return run


def queries(place, *asked):
    """Answers of the warehouse, which is opened once: that takes longer than they do."""
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        return [con.sql(sql).fetchall() for sql in asked]


WHEN = pytest.mark.parametrize("when", ["before", "after"])


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ((asking, "_write_key"), "before"),
        ((box.Box, "open_wave"), "before"),
        ((asking, "freeze_wave"), "before"),
        ((asking, "save_items"), "before"),
        ((asking, "save_items"), "after"),
    ],
    ids=lambda one: one if isinstance(one, str) else one[1],
)
def test_open(planned, tmp_path, killing, step, when):
    first = tmp_path / "first.key"
    killing(step, when, lambda: open_wave(planned.configuration, planned.home, first, NOW))
    assert query(planned, "SELECT count(*) FROM survey.wave") == [(0,)]
    open_wave(planned.configuration, planned.home, planned.key, NOW)
    codes_in_memory(planned.home)
    assert planned.box.turnout("2026-Q3") == (35, 0)
    assert query(planned, MEMBERS) == [(35,)]
    close_wave(planned.home, OVER)
    assert publish_wave(planned.configuration, planned.home, planned.key, OVER).is_new


def test_open_that_was_done_is_not_done_again(planned, killing):
    """Right after its last step it has happened: the wave is open, and its key is there."""
    killing(
        (asking, "Opened"),
        "before",
        lambda: open_wave(planned.configuration, planned.home, planned.key, NOW),
    )
    assert query(planned, "SELECT wave_id, state FROM survey.wave") == [("2026-Q3", "open")]
    assert planned.key.exists()


@WHEN
@pytest.mark.parametrize(
    "step", [(wave_codes, "write_private"), (box.Box, "add_codes")], ids=lambda step: step[1]
)
def test_codes(planned, tmp_path, killing, step, when):
    open_wave(planned.configuration, planned.home, planned.key, NOW)
    killing(step, when, lambda: codes_into(planned, planned.slips))
    if step[1] == "add_codes" and when == "after":
        assert len(codes_of(planned)) == 35, "they were made, and are in the file"
    else:
        assert planned.box.turnout("2026-Q3") == (0, 0)
        worthless = codes_of(planned) if planned.slips.exists() else []
        planned.slips = tmp_path / "again.html"
        codes_into(planned, planned.slips)
        for _, code in worthless[:3]:
            with pytest.raises(Refused):
                planned.box.place_of(code, NOW)
    assert planned.box.place_of(codes_of(planned)[0][1], NOW).wave == "2026-Q3"


def codes_into(place, file):
    make_codes(place.configuration, place.home, file, NOW, is_mail_merge=False)


@WHEN
def test_close(place, killing, when):
    killing((box.Box, "close"), when, lambda: close_wave(place.home, OVER))
    ((_, code), *_) = codes_of(place)
    if when == "after":
        with pytest.raises(Refused):
            place.box.cast("2026-Q3", code, dict.fromkeys(items_of(place), 3), None, NOW)
    assert close_wave(place.home, OVER) == "2026-Q3"


@pytest.fixture(scope="module")
def answered_once(opened_once, tmp_path_factory):
    """With a closed wave that all have answered, and what is published of it."""
    folder = shutil.copytree(opened_once, tmp_path_factory.mktemp("answered"), dirs_exist_ok=True)
    place = place_in(folder)
    vote(place, lambda number: number % 4 + 2)
    unkilled = place_in(shutil.copytree(folder, tmp_path_factory.mktemp("unkilled"), dirs_exist_ok=True))
    published_once(unkilled)
    close_wave(place.home, OVER)
    return folder, query(unkilled, CELLS)


STEPS = [
    (publishing, "open_all"),
    (publishing, "published"),
    (publishing, "broken_series"),
    (publishing, "insert_rows"),
    (publishing, "write_publication"),
    (publishing, "_destroy"),
    (private_files.Path, "unlink"),
    (box.Box, "destroy"),
]


@pytest.mark.parametrize(
    ("step", "when"),
    [*((step, "before") for step in STEPS), (STEPS[-1], "after")],
    ids=lambda one: one if isinstance(one, str) else one[1],
)
def test_publish(answered_once, tmp_path, killing, step, when):
    folder, cells = answered_once
    place = place_in(shutil.copytree(folder, tmp_path, dirs_exist_ok=True))
    killing(step, when, lambda: published_again(place))
    state, shown = queries(place, STATE, CELLS)
    is_published = state == [("published",)]
    assert is_published == (STEPS.index(step) >= STEPS.index((publishing, "_destroy")))
    assert shown == (cells if is_published else [])
    if place.box.form("2026-Q3") is None:  # all was done
        assert not place.key.exists()
    else:
        assert published_again(place).is_new == (not is_published)
    assert queries(place, CELLS, MEMBERS) == [cells, [(0,)]]
    assert last_said(place.home.path).state == "published"
    assert not place.key.exists()
    assert place.box.form("2026-Q3") is None


def published_again(place):
    return publish_wave(place.configuration, place.home, place.key, OVER)


def test_a_key_that_cannot_be_removed_is_told(answered_once, tmp_path, monkeypatch):
    place = place_in(shutil.copytree(answered_once[0], tmp_path, dirs_exist_ok=True))

    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(private_files.Path, "unlink", refused)
        with pytest.raises(asking.WaveError, match=r"its answers are destroyed, but .* cannot be removed"):
            published_again(place)
    assert place.box.form("2026-Q3") is None
    assert query(place, STATE) == [("published",)]


@WHEN
@pytest.mark.parametrize("step", ["close", "destroy"])
def test_discard(place, killing, step, when):
    killing((box.Box, step), when, lambda: discard_wave(place.home, OVER, is_sure=True))
    assert discard_wave(place.home, OVER, is_sure=True) == "2026-Q3"
    assert place.box.form("2026-Q3") is None
    assert query(place, STATE) == [("discarded",)]
    assert last_said(place.home.path).state == "discarded"
