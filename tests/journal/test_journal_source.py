"""What is written in the app, as the records that a register would give."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from written import NOW, a_decision, a_limit, a_theme, an_action

from connectors.base import Cursor, SourceContext, SourceUnavailable
from connectors.journal.source import CENSUS, KIND, STREAMS, JournalSource, Settings
from connectors.journal.where import FILE, URL_VARIABLE, url_of
from connectors.records import AgreedAction, ArchitectureDecision, QuarterTheme, TeamLimit
from pipelines.config_errors import ConfigurationError
from pipelines.home import Home
from pipelines.ingest import ingest
from pipelines.sources import censuses, configured
from pipelines.starts import Census
from pipelines.warehouse import Warehouse

MINIMAL = '[organisation]\nid = "alder"\nname = "Alder"\n'


@pytest.fixture
def source(tmp_path):
    context = SourceContext(None, (), str(tmp_path), known_names=frozenset({"Ada Lovelace"}))
    return JournalSource(Settings(name="journal", kind=KIND), context)


def read(source, stream):
    batches = list(source.fetch(stream, "*", Cursor()))
    assert [one.is_final for one in batches] == [True]
    records = list(batches[0].records)
    assert list(source.census(stream, "*")) == [one.id for one in records]
    return records


def write(journal, body, day=0):
    return journal.add(body, role="leader", at=NOW + timedelta(days=day))


def test_actions(journal, source):
    moving = write(journal, an_action(what="Ask Ada Lovelace"))
    done = write(journal, an_action(scope="department:retail"))
    for version, (day, state) in enumerate([(1, "done"), (2, "moving"), (5, "done")], 1):
        body = an_action(scope="department:retail", state=state)
        journal.change(done.id, version, body, role="leader", at=NOW + timedelta(days=day))
    late = an_action(scope="department:retail", state="done", update="It helps.")
    journal.change(done.id, 4, late, role="leader", at=NOW + timedelta(days=9))
    dropped = write(journal, an_action(state="dropped", reason="No longer needed"), day=3)
    removed = write(journal, an_action())
    journal.remove(removed.id, 1, role="leader", at=NOW)
    write(journal, a_theme())
    plain = {"team": "payments", "agreed_on": date(2026, 10, 12), "due_on": date(2026, 12, 18)}
    title = "Review within a day"
    assert read(source, "actions") == [
        AgreedAction(id=moving.id, title="Ask [name]", closed_on=None, state="open", **plain),
        AgreedAction(
            id=done.id, title=title, closed_on=date(2026, 10, 17), state="done", **plain | {"team": None}
        ),
        AgreedAction(
            id=dropped.id,
            title=title,
            closed_on=date(2026, 10, 15),
            state="dropped",
            reason="No longer needed",
            **plain | {"agreed_on": date(2026, 10, 15)},
        ),
    ]


def test_days_are_those_of_the_organisations_clock(journal, tmp_path):
    """Done at five in the afternoon of the day on which it is due: in UTC that is one o'clock of the next."""
    context = SourceContext(None, (), str(tmp_path), time_zone=ZoneInfo("America/Los_Angeles"))
    evening = datetime(2026, 12, 19, 1, 0, tzinfo=UTC)
    made = journal.add(an_action(), role="leader", at=evening - timedelta(days=30))
    journal.change(made.id, 1, an_action(state="done"), role="leader", at=evening)
    (record,) = read(JournalSource(Settings(name="journal", kind=KIND), context), "actions")
    assert (record.agreed_on, record.due_on) == (date(2026, 11, 18), date(2026, 12, 18))
    assert record.closed_on == record.due_on


def test_decisions(journal, source):
    told = [
        a_decision(),
        a_decision(decided_on="2026-09-10", scope="organisation", risk="high", owner_level="organisation"),
        a_decision(decided_on="2026-09-10", reversed_on="2026-10-01", link="https://x.example/1"),
    ]
    for body in told:
        write(journal, body)
    records = read(source, "decisions")
    assert all(isinstance(one, ArchitectureDecision) for one in records)
    assert [
        (one.status, one.team, one.risk, one.reach, one.decided_by_level, one.decided_on, one.reversed_on)
        for one in records
    ] == [
        ("proposed", "payments", "low", "team", "team", None, None),
        ("accepted", None, "high", "team", "organisation", date(2026, 9, 10), None),
        ("deprecated", "payments", "low", "team", "team", date(2026, 9, 10), date(2026, 10, 1)),
    ]
    assert [one.url for one in records] == [None, None, "https://x.example/1"]
    assert {one.title for one in records} == {"One queue for all payments"}


def test_limits(journal, source):
    entry = write(journal, a_limit())
    assert read(source, "wip_limits") == [
        TeamLimit(id=entry.id, team="payments", wip_limit=6, valid_from=date(2026, 10, 1))
    ]
    assert [one.message for one in source.check()] == [
        "0 actions, 0 decisions, 1 wip limits, 0 themes can be read"
    ]


def test_themes_are_told_without_their_words(journal, source):
    marked = write(journal, a_theme(markers="Smaller, PAY-7 Smaller"))
    plain = write(journal, a_theme(scope="organisation", quarter="2026-Q4"))
    assert read(source, "themes") == [
        QuarterTheme(id=marked.id, of_scope="team:payments", quarter="2026-Q3", markers=["Smaller", "PAY-7"]),
        QuarterTheme(id=plain.id, of_scope="organisation", quarter="2026-Q4", markers=[]),
    ]


def test_what_was_removed_is_gone_and_what_cannot_be_read_stays(tmp_path, opened):
    journal = opened(url_of(tmp_path))
    limit, kept = write(journal, a_limit()), write(journal, a_limit(scope="team:search"))
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")

    def run(number, table="team_limit", is_sound=True):
        told = {(KIND, stream): Census(STREAMS[stream][0], every, True) for stream, every in CENSUS.items()}
        asked = {KIND: (JournalSource(Settings(name=KIND, kind=KIND), context), tuple(STREAMS))}
        results = ingest(warehouse, f"run-{number}", asked, censuses=told)
        assert [one.error is None for one in results] == [is_sound] * len(STREAMS)
        rows = warehouse.con.execute(f"SELECT id FROM raw.{table} WHERE gone_at IS NULL").fetchall()
        return sum(one.rows_changed for one in results), {one for (one,) in rows}

    context = SourceContext(None, (), str(tmp_path))
    assert run(1) == (2, {limit.id, kept.id})
    assert run(2) == (0, {limit.id, kept.id})
    journal.remove(limit.id, 1, role="leader", at=NOW)
    assert run(3)[1] == {kept.id}
    journal.remove(kept.id, 1, role="leader", at=NOW)
    assert run(4)[1] == set()
    theme = write(journal, a_theme(markers="smaller"))
    assert run(5, "quarter_theme") == (1, {theme.id})
    (tmp_path / FILE).write_bytes(b"no database " * 99)
    assert run(6, "quarter_theme", is_sound=False) == (0, {theme.id})
    warehouse.close()


def test_a_journal_that_cannot_be_read_fails_alone(tmp_path, source):
    (tmp_path / FILE).write_bytes(b"no database " * 99)
    with pytest.raises(SourceUnavailable) as told:
        read(source, "actions")
    assert str(told.value) == (
        "journal: journal.sqlite: cannot be used (it is not a sound SQLite file). "
        "Put a sound copy of it in its place"
    )
    assert [one.is_fine for one in source.check()] == [False]


# ---- it is there by itself


@pytest.fixture
def sources_of(tmp_path):
    def _sources_of(text=""):
        (tmp_path / "outcomes.toml").write_text(MINIMAL + text)
        return configured(tmp_path / "outcomes.toml", Home(tmp_path))

    return _sources_of


def test_it_is_read_as_soon_as_there_is_one(tmp_path, sources_of, opened, monkeypatch):
    assert sources_of().sources == []
    with monkeypatch.context() as patched:
        patched.setenv(URL_VARIABLE, "postgresql://u:p@h/d")
        assert [one.name for one in sources_of().sources] == ["journal"]
    opened(url_of(tmp_path))
    inbox = '[[source]]\nname = "hand"\nkind = "inbox"\n'
    found = sources_of(inbox)
    assert [(one.name, one.kind) for one in found.sources] == [("hand", "inbox"), ("journal", "journal")]
    assert ("journal", "actions") in censuses(found)
    named = '[[source]]\nname = "ours"\nkind = "journal"\n'
    assert [one.name for one in sources_of(named).sources] == ["ours"]


def test_another_source_of_its_name_is_told(tmp_path, sources_of, opened):
    opened(url_of(tmp_path))
    with pytest.raises(ConfigurationError, match="source journal: is the name of one that needs no"):
        sources_of('[[source]]\nname = "journal"\nkind = "inbox"\n')
