"""What pages ask for: nothing twice, no more than they draw, and what people wrote only when it changed."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import duckdb
import fake_team
import polars as pl
import pytest
from page_text import markup, said, table
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Agreement
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from dashboard import (
    chart_flow,
    named_items,
    neighbours,
    rows_behind,
    snapshot,
    snapshot_file,
    snapshot_items,
    snapshot_team,
    snapshot_values,
    waiting,
)
from dashboard import written_here as here
from dashboard.health.written import Entries, Note
from dashboard.kept import STORE

Open = Callable[..., AppTest]
PERIODS = ("2026-Q3", "2026-Q4", "2026-W40")
CROWD = """
insert into item
select 'pull_request', 'crowd-' || i, 'L' || (999 - i), 'https://git.example/' || i, 'basket', now()
from range(400) t(i);
insert into metric_item by name
select 'pull_request_pickup_time' as metric, 'team:beacon' as scope, 'pull_request' as item_kind,
  'crowd-' || i as item_id, 'basket' as service_id, 'beacon' as team_id, date '2026-11-04' as on_date,
  timestamptz '2026-11-05 04:10:00+01:00' - to_hours(i // 30 + 1) as started_at, false as is_event,
  true as is_open, 'not_merged' as excluded_reason
from range(400) t(i);
insert into metric_item by name
select 'work_item_age' as metric, 'team:beacon' as scope, 'issue' as item_kind, 'aged-' || i as item_id,
  'basket' as service_id, 'beacon' as team_id, date '2024-01-01' + i::int as on_date, false as is_event
from range(300) t(i);
"""
"""Changes that nobody has looked at for 1 to 14 hours, thirty of them equally long, and old open items."""


@dataclass
class Asked:
    """The questions of the snapshot since a moment, and their answers."""

    all: list[tuple[str, dict[str, object], pl.DataFrame]] = field(default_factory=list)

    def about(self, *words: str) -> list[pl.DataFrame]:
        """The answers to questions that hold one of these words."""
        return [answer for query, _, answer in self.all if any(word in query for word in words)]

    def of_items(self) -> list[pl.DataFrame]:
        """The answers about items, and those with their names."""
        return self.about("metric_item", "from item ")


@pytest.fixture(scope="module")
def crowd(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of the made-up organisation, with much that waits in Beacon."""
    home = tmp_path_factory.mktemp("crowd")
    shutil.copytree(published / "snapshots", home / "snapshots")
    path = next((home / "snapshots").glob("*.duckdb"))
    fake_team.add(path)
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(CROWD)
    return home


@pytest.fixture
def path(crowd: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its snapshot, of which nothing is known yet."""
    monkeypatch.setenv("OUTCOMES_HOME", str(crowd))
    found = str(next((crowd / "snapshots").glob("*.duckdb")))
    STORE.forget(found)
    return found


@pytest.fixture
def asked(path: str, monkeypatch: pytest.MonkeyPatch) -> Asked:
    real, found = snapshot_file.ask, Asked()

    def ask(path: str, query: str, **bound: object) -> pl.DataFrame:
        answer = real(path, query, **bound)
        found.all.append((query, bound, answer))
        return answer

    monkeypatch.setattr(snapshot_file, "ask", ask)
    return found


def test_of_what_waits_no_more_is_named_than_is_shown(path: str, asked: Asked) -> None:
    """Of 402, with those of the made-up team, 160 of ours and one of its own wait for more than eight hours.

    Shown are the one that waits for 30 hours, the ten for 14, and of the thirty for 13 the first by name.
    """
    agreement = Agreement(
        scope=fake_team.TEAM, kind="agreement", text="A", pickup_hours=8, valid_from=date(2026, 1, 1)
    )
    found = waiting.queues(path, Entries((Note(agreement, date(2026, 1, 5)),)), fake_team.TEAM)
    reviews = found[0]
    assert (reviews.many, reviews.long) == (402, 161)
    assert [item.label for item in reviews.items] == ["seen-30", *(f"L{n}" for n in range(600, 619))]
    assert reviews.items[1].url == "https://git.example/399"
    assert all(item.is_long for item in reviews.items)
    assert "161 changes to be reviewed" in waiting.sentence(found)
    # One question of all kinds: 1 and 10 and 30 of ours, and at most twenty of each of three others.
    (rows,) = asked.about("qualify rank()")
    assert rows.height <= 41 + 3 * 20
    assert max(answer.height for answer in asked.of_items()) == rows.height
    assert len(asked.about("from item ")) <= 3


def test_the_page_of_what_waits_counts_all_of_it(path: str, open_page: Open) -> None:
    page = open_page("team", team="Beacon", view="Waiting")
    assert "402, the longest waiting first." in said(page)
    assert "The 20 longest of 402." in said(page)
    assert len(table(page, "Waiting for a first review")) == 20


def test_of_open_work_the_oldest_are_named_and_all_are_counted(
    path: str, asked: Asked, open_page: Open
) -> None:
    """The first of ours began on 1 January 2024: 1,040 days before 5 November 2026, that day counted."""
    with duckdb.connect(path, read_only=True) as con:
        many, past = con.execute(
            "select count(*), count(*) filter (date_diff('day', on_date, date '2026-11-05') + 1 > 12) "
            "from metric_item where metric = 'work_item_age' and scope = 'team:beacon' "
            "and ended_at is null and excluded_reason is null"
        ).fetchall()[0]
    assert many > past > 300
    page = open_page("team", team="Beacon", view="Flow")
    words = [one.proto.alt for one in page.get("vega_lite_chart")]  # type: ignore[attr-defined]
    told = f"Open work by age: {many} items open, {past} older than 12 days, the oldest aged-0 with 1040 days"
    assert told in words
    assert f"The 20 oldest of {many}." in said(page)
    assert max(answer.height for answer in asked.of_items()) < 50


def test_of_finished_items_those_that_are_drawn_are_asked_for(
    path: str, asked: Asked, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From April to September twelve were finished before the assistant came, and nine after it."""
    monkeypatch.setattr(chart_flow, "DOTS_AT_MOST", 5)
    page = open_page("team", team="Beacon", view="Flow", quarter="Q3 2026")
    assert "The last 5 of 21 items." in said(page)
    (cycles,) = (a for q, b, a in asked.all if b.get("metric") == "cycle_time" and "metric_item" in q)
    assert cycles.height == 5
    # The weeks from 11 May to 29 June are in the quarter that is not withheld.
    span = ((date(2026, 7, 1), date(2026, 10, 1)),)
    left = snapshot_team.last_finished(
        path, "cycle_time", fake_team.TEAM, "issue", date(2026, 4, 1), date(2026, 10, 1), span, 3, 2
    )
    assert left.many == 8
    assert left.dots["on_date"].to_list() == [date(2026, 6, day) for day in (15, 22, 29)]
    # Week by week from 11 May they took 1, 2, 3 … days: 6, 7 and 8 in these.
    assert left.longest.select("on_date", "value").rows() == [(date(2026, 6, 29), 8), (date(2026, 6, 22), 7)]
    assert left.longest["label"].str.starts_with("took-").all()


@pytest.mark.parametrize("metric", ["Change failure rate", "Change lead time"])
def test_the_items_behind_a_number_are_looked_at_once(asked: Asked, open_page: Open, metric: str) -> None:
    """For the steps, the first of them, and the mean beside a median."""
    page = open_page("team", team="Beacon", view="Items", metric=metric, quarter="Q3 2026")
    assert "20 of " in said(page)
    assert len(asked.about("from metric_item", "explained_neighbours")) == 1


def test_neighbouring_definitions_are_those_that_are_explained(path: str) -> None:
    """The page knows the mean from what it counts; `outcomes explain` asks the snapshot itself."""
    means = []
    for metric, period in product(snapshot.definitions(path), PERIODS):
        behind = rows_behind.load(path, metric, fake_team.TEAM, "", period)
        found = neighbours.of(behind)
        with duckdb.connect(path, read_only=True) as con:
            columns = ", ".join(found.columns)
            known = con.execute(
                f"select {columns} from explained_neighbours($metric, $scope, $period) "
                "where statistic in ($statistic, 'mean') order by position, statistic",
                {"metric": metric, "scope": fake_team.TEAM, "period": period, "statistic": behind.statistic},
            ).fetchall()
        assert found.rows() == known, (metric, period)
        means += [row["value"] for row in found.iter_rows(named=True) if row["statistic"] == "mean"]
    assert sum(value is not None for value in means) > 5
    assert None in means


def test_the_weeks_of_all_teams_that_are_drawn_are_one_question(
    path: str, asked: Asked, open_page: Open
) -> None:
    """Each team's are the same as when it is asked for alone."""
    page = open_page("overview", quarter="Q3 2026")
    drawn = [one.proto.alt for one in page.get("vega_lite_chart")]  # type: ignore[attr-defined]
    assert sum("Change lead time of " in words and "week by week" in words for words in drawn) > 3
    (weeks,) = asked.about("v.grain = 'week'")
    for scope in weeks["scope"].unique():
        alone = snapshot_values.weeks(path, ("change_lead_time",), scope, date(2026, 1, 1))
        assert weeks.filter(scope=scope).drop("scope", "statistic").equals(alone.drop("metric"))


def test_of_many_items_no_other_names_of_their_services_come_back(
    path: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For more than ten hours wait the last hundred of ours, and one that has no name."""
    monkeypatch.setattr(named_items, "_MANY", 50)
    before = datetime(2026, 11, 4, 17, 10, tzinfo=UTC)
    found = snapshot_items.still_open(
        path, "pull_request_pickup_time", fake_team.TEAM, "pull_request", before, "not_merged"
    )
    assert sorted(found["label"]) == [*(f"L{n}" for n in range(600, 700)), "seen-30"]
    assert sum(answer.height for answer in asked.about("from item ")) == 100


def agreed(text: str) -> Agreement:
    return Agreement(scope=fake_team.TEAM, kind="agreement", text=text, valid_from=date(2026, 1, 1))


def test_what_people_wrote_is_read_when_it_changed(
    crowd: Path, tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes, erases a name for something as long, and takes the entry away."""
    (tmp_path / "snapshots").symlink_to(crowd / "snapshots")
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    monkeypatch.delenv("OUTCOMES_JOURNAL_URL", raising=False)
    reads: list[object] = []
    real = here.read

    def read(*args: object) -> Entries:
        reads.append(args)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(here, "read", read)
    at = datetime(2026, 11, 4, 12, tzinfo=UTC)
    other = Journal.open(url_of(tmp_path))

    def drawn() -> str:
        return markup(open_page("team", team="Beacon", view="Waiting"))

    entry = other.add(agreed("Ask Xenia first"), role="team_member", at=at)
    assert "Ask Xenia first" in drawn()
    once = len(reads)
    assert "Ask Xenia first" in drawn()
    assert len(reads) == once == 1
    other.add(agreed("Review within a day"), role="team_member", at=at)
    assert "Review within a day" in drawn()
    other.erase(lambda text: text.replace("Xenia", "-----"), is_trial=False)
    assert "Ask ----- first" in drawn()
    assert "Xenia" not in str(here._read)
    other.remove(entry.id, 1, role="team_member", at=at)
    assert "Ask" not in drawn()
    assert len(reads) == 4
    other.close()
