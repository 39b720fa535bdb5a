"""A whole wave: planned, opened, answered by codes, closed, published once, destroyed."""

import json
from collections import Counter
from datetime import timedelta

import duckdb
import pytest
from asked_waves import NOW, TEAMS, codes_of, items_of, opened, place_in, published_once, query, vote

from connectors import comments
from connectors.ballots.box import Refused
from connectors.ballots.seal import new_keys
from pipelines import cli
from pipelines.survey import publishing
from pipelines.survey.asking import WaveError, close_wave, open_wave
from pipelines.survey.calendar import CalendarError
from pipelines.survey.held import warehouse_of
from pipelines.survey.planning import PlanError
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import codes_in_memory, make_codes
from pipelines.transaction import transaction
from pipelines.warehouse import WarehouseError


def test_a_wave_is_published_as_people_answered(tmp_path):
    """No statement of growth is turned, so answer x is (x - 1) / 4 of 100; a score is the mean."""
    place = place_in(tmp_path, {**TEAMS, **{f"reef{number}": ("land", 12) for number in range(6)}})
    done = opened(place)
    assert (done.wave_id, len(done.roster.members)) == ("2026-Q3", 107)
    given = vote(place, lambda number: number % 5 + 1)
    published_once(place)
    rows = query(
        place,
        'SELECT scope_name, low, high, n, "of" FROM survey.published_cell '
        "WHERE dimension = 'growth' AND statistic = 'score' AND scope_kind = 'unit'",
    )
    assert {(name, n, of) for name, _, _, n, of in rows} == {
        ("Harbour", 12, 12), ("Pier with Quay", 13, 13), ("Tide", 10, 10),
        *((f"Reef{number}", 12, 12) for number in range(6)),
    }  # fmt: skip
    for name, low, high, n, _ in rows:
        assert low <= sum((said - 1) * 25 for said in given[name]) / n <= high
    ((value, n),) = query(
        place,
        "SELECT value, n FROM survey.published_cell "
        "WHERE dimension = 'growth' AND statistic = 'score' AND scope_kind = 'organisation'",
    )
    everybody = [said for unit in given.values() for said in unit]
    assert (round(value, 6), n) == (round(sum((said - 1) * 25 for said in everybody) / 107, 6), 107)


def test_afterwards_the_answers_are_nowhere_and_the_table_stays(place):
    vote(place, 3)
    published_once(place)
    assert not place.key.exists()
    assert place.box.form("2026-Q3") is None
    assert query(place, "SELECT count(*) FROM survey.wave_member") == [(0,)]
    cells = query(place, "SELECT * FROM survey.published_cell ORDER BY ALL")
    with pytest.raises(WaveError, match=r"was published on 2026-09-25.*A wave is published once"):
        publish_wave(place.configuration, place.home, place.key, NOW + timedelta(days=12))
    assert query(place, "SELECT * FROM survey.published_cell ORDER BY ALL") == cells


def test_a_kill_between_the_table_and_the_destruction_is_mended(place, monkeypatch):
    vote(place, 3)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "_destroy", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            published_once(place)
    cells = query(place, "SELECT * FROM survey.published_cell ORDER BY ALL")
    assert place.key.exists()
    done = publish_wave(place.configuration, place.home, place.key, NOW + timedelta(days=12))
    assert (done.is_new, place.key.exists(), place.box.form("2026-Q3")) == (False, False, None)
    assert query(place, "SELECT * FROM survey.published_cell ORDER BY ALL") == cells


def test_no_other_file_is_removed_as_a_key(place, tmp_path):
    vote(place, 3)
    published_once(place)
    other = tmp_path / "minutes.txt"
    other.write_text("what was agreed", encoding="utf-8")
    with pytest.raises(WaveError, match="A wave is published once"):
        publish_wave(place.configuration, place.home, other, NOW)
    assert other.exists()


def test_without_its_key_nothing_is_published(place, tmp_path):
    vote(place, 3)
    close_wave(place.home, NOW)
    other = tmp_path / "other.key"
    with pytest.raises(WaveError, match="cannot be read"):
        publish_wave(place.configuration, place.home, other, NOW)
    other.write_text(new_keys()[1].hex(), encoding="ascii")
    with pytest.raises(WaveError, match=r"is another survey's key\."):
        publish_wave(place.configuration, place.home, other, NOW)
    assert other.exists(), "whosever it is"
    assert query(place, "SELECT count(*) FROM survey.published_cell") == [(0,)]
    assert place.box.form("2026-Q3") is not None


def test_an_open_wave_is_not_published_and_a_closed_one_takes_no_answer(place):
    with pytest.raises(WaveError, match=r"is open\. Run `outcomes survey close` first"):
        publish_wave(place.configuration, place.home, place.key, NOW)
    close_wave(place.home, NOW)
    ((_, code), *_) = codes_of(place)
    with pytest.raises(Refused):
        place.box.cast("2026-Q3", code, dict.fromkeys(items_of(place), 3), None, NOW)
    with pytest.raises(WaveError, match="none is open"):
        close_wave(place.home, NOW)


@pytest.mark.parametrize("where", ["home/wave.key", "home/dagster/../wave.key", "missing/wave.key"])
def test_the_key_lies_apart(planned, tmp_path, where):
    with pytest.raises(WaveError, match="--key-file"):
        open_wave(planned.configuration, planned.home, tmp_path / where, NOW)
    assert query(planned, "SELECT count(*) FROM survey.wave") == [(0,)]
    assert planned.box.form("2026-Q3") is None


def test_a_key_is_for_its_owner_alone_and_never_overwritten(place):
    assert place.key.stat().st_mode & 0o777 == 0o600
    assert place.slips.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WaveError, match="exists already"):
        open_wave(place.configuration, place.home, place.key, NOW)


def test_a_second_wave_waits_for_the_first(place, tmp_path):
    with pytest.raises(CalendarError, match="one survey is open at a time"):
        open_wave(place.configuration, place.home, tmp_path / "second.key", NOW)


def test_nobody_is_asked_where_too_few_are_left_for_any_number(planned):
    """Five of the plan's 35 are there; a sixth would be enough."""
    few = place_in(planned.home.path.parent, {**dict.fromkeys(TEAMS, ("sea", 0)), "harbour": ("sea", 5)})
    with pytest.raises(PlanError, match="fewer than 6 people of the plan 2026-Q3 to 2027-Q2 are there"):
        open_wave(few.configuration, few.home, few.key, NOW)
    assert not few.key.exists()
    six = place_in(planned.home.path.parent, {**dict.fromkeys(TEAMS, ("sea", 0)), "harbour": ("sea", 6)})
    assert len(open_wave(six.configuration, six.home, six.key, NOW).roster.members) == 6


def test_an_opening_that_was_killed_is_begun_anew(planned, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(
            "pipelines.survey.asking.freeze_wave", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            open_wave(planned.configuration, planned.home, tmp_path / "first.key", NOW)
    opened(planned)
    assert sum(map(len, vote(planned, 3).values())) == 35
    published_once(planned)


def test_codes_are_made_once(place, tmp_path):
    with pytest.raises(WaveError, match="made once"):
        make_codes(place.configuration, place.home, tmp_path / "again.html", NOW, is_mail_merge=False)
    assert not (tmp_path / "again.html").exists()
    with pytest.raises(WaveError, match="made once"):
        codes_in_memory(place.home)


def test_the_warehouse_and_the_box_keep_no_code_and_no_answer_in_clear(place):
    vote(place, 5)
    files = b"".join(path.read_bytes() for path in place.home.path.rglob("*") if path.is_file())
    for _, code in codes_of(place):
        assert code.encode() not in files
        assert code.replace("-", "").encode() not in files
    assert place.key.read_bytes().strip() not in files


def test_few_answers_publish_nothing_and_say_so_everywhere(place):
    few = iter(range(5))
    chosen = [code for _, code in codes_of(place) for _ in [next(few, None)] if _ is not None]
    for code in chosen:
        place.box.cast("2026-Q3", code, dict.fromkeys(items_of(place), 3), None, NOW)
    published_once(place)
    rows = query(place, 'SELECT DISTINCT value, n, "of", withheld_reason FROM survey.published_cell')
    assert {row[:3] for row in rows} == {(None, None, None)}
    assert "too_few_answers" in {row[3] for row in rows}


def test_reliability_needs_a_hundred(place):
    vote(place, lambda number: number % 5 + 1)
    published_once(place)
    ((stated,),) = query(place, "SELECT reliability FROM survey.published_wave")
    assert {one["alpha"] for one in json.loads(stated)} == {None}


def test_the_days_of_a_wave_are_the_organisations(tmp_path):
    """Opened on 14 September in New York for ten days, it closes when the 24th ends there: at 04:00 UTC."""
    place = place_in(tmp_path, zone="America/New_York")
    done = opened(place)
    assert done.closes_at.isoformat() == "2026-09-25T04:00:00+00:00"
    published_once(place)
    days = query(place, "SELECT opens_on::VARCHAR, closes_on::VARCHAR FROM survey.published_wave")
    assert days == [("2026-09-14", "2026-09-24")]


def test_reliability_rests_on_what_is_published(tmp_path):
    """Six are new since the plan and five of them answer, each alike: too few, so they count nowhere.

    The 115 others say 2 throughout or 4 throughout, so that statements agree wholly: alpha is 1.
    """
    teams = {**TEAMS, **{f"reef{number}": ("land", 12) for number in range(6)}, "cove": ("land", 8)}
    place = place_in(tmp_path, teams)
    place_in(tmp_path, {**teams, "cove": ("land", 14)})
    place = place_in(tmp_path, {**teams, "cove": ("land", 14)})
    assert "newcomers:land" in [unit.id for unit in opened(place).roster.partition.units]
    items = items_of(place)
    for number, (unit, code) in enumerate(codes_of(place)):
        if "new since" in unit:
            answers = {item: 1 + place_of % 2 * 4 for place_of, item in enumerate(items)}
            if number % 6 == 0:
                continue
        else:
            answers = {item: 2 + number % 2 * 2 if item[-1] != "R" else 4 - number % 2 * 2 for item in items}
        place.box.cast("2026-Q3", code, answers, None, NOW)
    published_once(place)
    ((stated,),) = query(place, "SELECT reliability FROM survey.published_wave")
    (growth,) = [one for one in json.loads(stated) if one["dimension"] == "growth"]
    assert (growth["n"], growth["alpha"]) == (115, 1.0)


def test_nothing_of_a_survey_is_exported_of_the_warehouse(place, tmp_path, monkeypatch, capsys):
    """Who was asked stays in the warehouse; what was fetched may leave it, with the accounts of tools."""
    monkeypatch.setattr(
        "sys.argv",
        ["outcomes", "--home", str(place.home.path), "export", str(tmp_path / "out"), "--canonical",
         "--warehouse"],
    )  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in {0, None}, capsys.readouterr().err
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if "survey" in path.name or b"harbour-" in path.read_bytes()]


def test_a_transaction_that_the_warehouse_ended_by_itself_says_why(planned):
    def ended():
        with warehouse_of(planned.home) as con, transaction(con):
            con.execute("DELETE FROM survey.plan_member")
            con.execute("ROLLBACK")  # as on a full disk
            raise duckdb.IOException("No space left on device")

    with pytest.raises(WarehouseError, match="cannot be read or written"):
        ended()
    assert query(planned, "SELECT count(*) FROM survey.plan_member") == [(35,)]


def test_comments_are_kept_by_department_from_ten_on(place):
    """Ten of the sea's 25 people write something, and nine of the land's ten: those nine are kept nowhere."""
    items, written = items_of(place), Counter()
    for unit, code in codes_of(place):
        department = "land" if unit == "Tide" else "sea"
        written[department] += 1
        comment = "Less noise" if written[department] <= {"sea": 10, "land": 9}[department] else None
        place.box.cast("2026-Q3", code, dict.fromkeys(items, 3), comment, NOW + timedelta(hours=1))
    published_once(place)
    kept = comments.groups(place.home.path / comments.FILE)
    assert [(one.wave, one.group, one.kept, one.waiting) for one in kept] == [
        ("2026-Q3", "department:sea", 10, 10)
    ]
