"""Every page says which numbers are stale, which records could not be read, and what is missing."""

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

Open = Callable[..., AppTest]


def _text(page: AppTest) -> str:
    """Everything that our blocks say, without their markup."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", one.value) for one in page.markdown))


COLUMNS = (
    "ALTER TABLE run_manifest ADD COLUMN IF NOT EXISTS quarantined_count BIGINT",
    "ALTER TABLE run_manifest ADD COLUMN IF NOT EXISTS quarantined_reasons VARCHAR",
    "ALTER TABLE run_manifest ADD COLUMN IF NOT EXISTS gap VARCHAR",
    "ALTER TABLE run_manifest ADD COLUMN IF NOT EXISTS gap_from TIMESTAMPTZ",
)


@pytest.fixture
def manifest(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change the manifest of a copy of the published snapshot, and show that one."""

    def change(*statements: str) -> None:
        home = shutil.copytree(published, tmp_path / "home")
        (path,) = (home / "snapshots").glob("*.duckdb")
        with duckdb.connect(str(path)) as con:
            for statement in (*COLUMNS, *statements):
                con.execute(statement)
        monkeypatch.setenv("OUTCOMES_HOME", str(home))

    return change


@pytest.mark.parametrize("name", ["overview", "team", "metric"])
def test_records_that_could_not_be_read_are_counted_on_every_page(
    manifest: Callable[..., None], open_page: Open, name: str
) -> None:
    manifest(
        "UPDATE run_manifest SET quarantined_count = 3, "
        "quarantined_reasons = 'an answer lacks ''updated'' (3)' WHERE source = 'jira'",
        "UPDATE run_manifest SET quarantined_count = 0 WHERE source <> 'jira'",
    )
    said = _text(open_page(name))
    assert "jira issues: 3 records could not be read" in said
    assert "github pull requests: " not in said
    # The stream of a failing source, with how old its numbers are, stands beside it.
    assert "pagerduty incidents: 3 days old" in said


def test_the_last_run_is_shown_with_reasons_and_with_what_is_missing(
    manifest: Callable[..., None], open_page: Open
) -> None:
    manifest(
        "UPDATE run_manifest SET quarantined_count = 1, quarantined_reasons = 'title is empty (1)', "
        "gap = 'what has changed since it was last read in full', gap_from = '2026-11-02 03:12:00Z' "
        "WHERE source = 'pagerduty'",
    )
    said = _text(open_page("overview"))
    assert "1 record could not be read: title is empty (1)" in said
    # 03:12 UTC is 04:12 in Berlin.
    assert "Missing: what has changed since it was last read in full, from 2 Nov 2026, 04:12 on" in said


def test_a_snapshot_of_an_older_version_has_nothing_of_it(home: Path, open_page: Open) -> None:
    said = _text(open_page("overview"))
    assert "could not be read" not in said
    assert "Missing:" not in said


def test_the_numbers_of_a_team_that_rest_on_a_stale_source_say_so(home: Path, open_page: Open) -> None:
    """Failed deployments rest on PagerDuty, which has not answered since 2 November; lead time does not."""
    page = open_page("team", quarter="Q3 2026")
    (cards,) = [one.value for one in page.markdown if "eo-cards" in one.value]
    stale = {
        unescape(re.search(r'aria-level="3">([^<]+)<', card)[1]): "from 2 Nov" in card  # type: ignore[index]
        for card in cards.split('<div class="eo-card')[1:]
        if 'aria-level="3"' in card
    }
    assert stale["Change failure rate"]
    assert not stale["Change lead time"]
    assert not stale["Deployment frequency"]
    table = next(
        one.value
        for one in open_page("team", quarter="Q3 2026", view="Reliability", numbers="true").markdown
        if "<caption>Further numbers" in one.value
    )
    (row,) = [row for row in table.split("<tr>") if "Failed deployment recovery time" in row]
    assert "from 2 Nov" in row
