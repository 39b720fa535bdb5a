"""The two digests, on a snapshot whose open items are put there by hand; and the forms of what is sent.

It is 5 November 2026, 04:10 in Berlin, which is 03:10 in UTC.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.journal.entries import Action, Agreement, Body, Context
from dashboard.health.written import Entries, Note
from dashboard.report import digest_chat, digest_mail, digest_text
from dashboard.report.digest import DigestError, leaders_weekly, team_morning
from dashboard.report.digest_document import Digest, Line, Part, plain, safe_url

AS_OF = datetime(2026, 11, 5, 3, 10, tzinfo=UTC)
NOW = AS_OF + timedelta(hours=3)
TEAM = "team:beacon"
PAGES = "https://outcomes.example"
NOTHING = Entries()
Changed = Callable[..., str]

# metric, item kind, item, hours for which it has waited (None: not ready), day, value, reason
OPEN = [
    ("pull_request_pickup_time", "pull_request", "A", 48.0, date(2026, 11, 5), None, "not_merged"),
    ("pull_request_pickup_time", "pull_request", "exactly", 16.0, date(2026, 11, 5), None, "not_merged"),
    ("pull_request_pickup_time", "pull_request", "B", 17.0, date(2026, 11, 5), None, "not_merged"),
    ("pull_request_pickup_time", "pull_request", "bot", 99.0, date(2026, 11, 5), None, "bot"),
    ("pull_request_pickup_time", "pull_request", "draft", None, date(2026, 11, 5), None, "not_merged"),
    ("time_to_production", "change_from_merge", "C", 96.0, date(2026, 11, 1), 96.0, None),
    ("time_to_production", "change_from_merge", "young", 60.0, date(2026, 11, 2), 60.0, None),
    ("items_past_expectation", "issue", "D", 240.0, date(2026, 10, 12), 14.0, None),
    ("items_past_expectation", "issue", "fine", 90.0, date(2026, 11, 1), 14.0, "within_expectation"),
    ("failed_deployment_recovery_time", "deployment", "E", 6.0, date(2026, 11, 4), 6.0, None),
]

# 12 October is the 25th day back, itself and 5 November counted.
MORNING = """\
Beacon: what waits, 5 Nov 2026
Five things wait too long.

Waiting for a first look
Longer than 16 h, which 85 of 100 stayed under in Q3 2026.
- item A: checkout, for 2 days
  https://git.example/A
- item B: checkout, for 17 h
  https://git.example/B

Merged, and not in production
Longer than 3 days, which 85 of 100 stayed under in Q3 2026.
- item C: checkout, for 4 days
  https://git.example/C

Past the expectation
Older than 85 of 100 of what was finished in the twelve weeks before, in days of the calendar.
- item D: checkout, 25 days old, at most 14 expected
  https://git.example/D

Failed deployments, still open
A source has not answered since 2 Nov 2026, 04:12.
- item E: checkout, for 6 h
  https://git.example/E

As of 5 Nov 2026, 04:10. Items, not people.
The team's page: https://outcomes.example/team?team=Beacon&view=Waiting
"""

_PREPARED = """
insert into metric_catalog select c.* replace ('items_past_expectation' as metric, 'Items' as title,
  'level' as kind, ['level'] as statistics) from metric_catalog c where metric = 'work_in_progress';
delete from metric_item;
delete from item;
update metric_values set value = 16 where metric = 'pull_request_pickup_time' and statistic = 'p85'
  and scope = 'team:beacon' and period = '2026-Q3';
update metric_values set value = 72 where metric = 'change_lead_time' and statistic = 'p85_from_merge'
  and scope = 'team:beacon' and period = '2026-Q3';
update metric_values set rule = null where period = '2026-W44';
"""
_HOLD = """insert into metric_item (metric, scope, item_kind, item_id, service_id, team_id, started_at,
  on_date, value, is_event, is_open, excluded_reason, counts_from, counts_to)
  values ($metric, 'team:beacon', $kind, $item, 'checkout', 'beacon', $began, $day, $value, false, true,
    $reason, $day, '2026-11-06')"""


def hold(con: duckdb.DuckDBPyConnection, row: tuple[Any, ...], label: str | None = None) -> None:
    metric, kind, item, hours, day, value, reason = row
    began = None if hours is None else AS_OF - timedelta(hours=hours)
    names = {"metric": metric, "kind": kind, "item": item, "began": began}
    con.execute(_HOLD, {**names, "day": day, "value": value, "reason": reason})
    shown = kind.replace("_from_merge", "")
    url = f"https://git.example/{item}"
    con.execute(
        "insert into item values (?, ?, ?, ?, 'checkout', ?)",
        [shown, item, label or f"item {item}", url, AS_OF],
    )


@pytest.fixture(scope="module")
def prepared(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digest") / "prepared.duckdb"
    shutil.copy(next((published / "snapshots").glob("*.duckdb")), path)
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        for statement in _PREPARED.split(";")[:-1]:
            con.execute(statement)
        for row in OPEN:
            hold(con, row)
    return path


@pytest.fixture
def changed(prepared: Path, tmp_path: Path) -> Changed:
    """A copy of the snapshot with statements run on it: answers are cached by path."""

    def made(*statements: str, more: int = 0, label: str | None = None) -> str:
        path = tmp_path / "changed.duckdb"
        shutil.copy(prepared, path)
        with duckdb.connect(str(path)) as con:
            con.execute("set timezone = 'UTC'")
            for statement in statements:
                con.execute(statement)
            for number in range(more):
                hold(
                    con,
                    ("failed_deployment_recovery_time", "deployment", f"{number}", 5, AS_OF, 5, None),
                    label,
                )
        return str(path)

    return made


def written(*bodies: Body, week: date = date(2026, 10, 12)) -> Entries:
    return Entries(tuple(Note(body, week) for body in bodies))


def morning(path: Path | str, entries: Entries = NOTHING, **known: Any) -> Digest | None:
    return team_morning(str(path), entries, "beacon", known.pop("now", NOW), **known)


def agreed(
    hours: int | None = 24, scope: str = TEAM, since: str = "2026-01-01", until: str | None = None
) -> Agreement:
    return Agreement(
        scope=scope, kind="agreement", text="Soon.", pickup_hours=hours, valid_from=since, valid_to=until
    )


# ---- a team's morning


def test_what_waits_is_told_with_the_rule_that_it_is_held_against(prepared):
    told = morning(prepared, address=PAGES)
    assert told is not None
    assert digest_text.text(told) == MORNING


def test_nothing_is_said_where_nothing_changed_since_the_last_one(prepared):
    first = morning(prepared)
    assert first is not None
    assert morning(prepared, before=first.holds) is None


def test_nothing_is_said_of_a_team_in_which_nothing_waits(changed):
    assert morning(changed("delete from metric_item where scope = 'team:beacon'")) is None


def test_what_is_new_stands_first_and_what_was_settled_is_counted(prepared, changed):
    first = morning(changed("delete from metric_item where scope = 'team:beacon' and item_id = 'B'", more=1))
    assert first is not None
    told = morning(prepared, before=first.holds)
    assert told is not None
    assert told.lede == "Five things wait too long: one new and one settled since."
    assert [(line.label, line.is_new) for line in told.parts[0].lines] == [
        ("item B", True),
        ("item A", False),
    ]
    assert "- item B: checkout, for 17 h, new\n" in digest_text.text(told)


def test_that_everything_is_settled_is_said_once(prepared, changed):
    first = morning(prepared)
    assert first is not None
    empty = changed("delete from metric_item where scope = 'team:beacon'")
    told = morning(empty, before=first.holds)
    assert told is not None
    assert (told.lede, told.parts) == ("Nothing waits too long any more.", ())
    assert morning(empty, before=told.holds) is None


@pytest.mark.parametrize(
    ("agreements", "rule", "waiting"),
    [
        ([agreed()], "Longer than the 24 h that the team agreed on.", ["item A"]),
        ([agreed(hours=48)], "", []),
        (
            [agreed(), agreed(hours=16, since="2026-11-05")],
            "Longer than the 16 h that the team agreed on.",
            ["item A", "item B"],
        ),
        (
            [agreed(scope="department:market")],
            "Longer than the 24 h that department Marketplace agreed on.",
            ["item A"],
        ),
        ([agreed(until="2026-11-05")], "16 h, which 85 of 100", ["item A", "item B"]),
        ([agreed(since="2026-11-06")], "16 h, which 85 of 100", ["item A", "item B"]),
        ([agreed(hours=None)], "16 h, which 85 of 100", ["item A", "item B"]),
        ([agreed(scope="team:cedar")], "16 h, which 85 of 100", ["item A", "item B"]),
    ],
)
def test_an_agreement_that_holds_wins_over_what_is_usual(prepared, agreements, rule, waiting):
    told = morning(prepared, written(*agreements))
    assert told is not None
    parts = {part.title: part for part in told.parts}
    first = parts.get("Waiting for a first look")
    assert ([line.label for line in first.lines] if first else []) == waiting
    assert rule in (first.note if first else "")


def test_where_the_quarter_has_no_number_nothing_tells_what_is_too_long(changed):
    told = morning(
        changed("update metric_values set value = null, withheld_reason = 'too_few' where statistic = 'p85'")
    )
    assert told is not None
    assert "Waiting for a first look" not in [part.title for part in told.parts]


def test_of_too_few_people_nothing_is_said_item_by_item(changed):
    few = """update metric_values set value = null, withheld_reason = 'few_people'
      where scope = 'team:beacon' and metric = 'time_to_production' and period = '2026-Q4'"""
    path = changed(few)
    assert morning(path) is None
    assert morning(path, before=frozenset({"item-of-yesterday"})) is None, "nor that nothing waits any more"


def test_of_many_five_are_named_and_the_others_counted(changed):
    told = morning(changed(more=6))
    assert told is not None
    assert [len(told.parts[-1].lines), told.parts[-1].more] == [5, "and 2 more on the team's page"]
    assert told.lede == "11 things wait too long."


def test_numbers_that_are_old_say_so(changed):
    told = morning(changed("update run set is_demo = false"), now=AS_OF + timedelta(days=3))
    assert told is not None
    assert told.foot.endswith(" The last run is 3 days old.")


def test_a_team_that_is_not_published_is_an_error(prepared):
    with pytest.raises(DigestError, match=r"team wat: is not in the published numbers\. `outcomes build`"):
        team_morning(str(prepared), Entries(), "wat", NOW)


# ---- the leaders' week


def action(what: str, **values: Any) -> Action:
    known = {
        "scope": TEAM,
        "quarter": "2026-Q3",
        "answers": "",
        "owner": "Somebody",
        "due": date(2026, 11, 1),
    }
    return Action(what=what, known_by="x", effort="small", **{**known, **values})


ACTIONS = (
    action("Cut the queue"),
    action("Mend the build", state="done", scope="organisation", quarter="2026-Q2"),
    action("Try pairing", update="Begun", scope="team:cedar"),
    action("Long ago", quarter="2026-Q1"),
)
FRESH = Note(action("Just agreed", scope="team:drift"), date(2026, 10, 26))
HELP = Context(scope="team:cedar", quarter="2026-Q4", text="Two of us are away.", asks_for_help=True)
LINES = {
    "Clear changes in Q3 2026": "None in the whole organisation. On pages of their own: Beacon.",
    "Promised": "One of four has no update: “Cut the queue” (Beacon, due 1 Nov 2026).",
    "Old numbers": "pagerduty has not answered since 2 Nov 2026, 04:12: what rests on it stays as it was.",
    "Help": "Cedar asks for help.",
}


@pytest.fixture
def everything() -> Entries:
    """26 October is ten days back, less than two weeks; 12 October is more."""
    return Entries((*written(*ACTIONS, HELP).notes, FRESH))


def weekly(
    path: Path | str, entries: Entries = NOTHING, before: frozenset[str] | None = None
) -> Digest | None:
    return leaders_weekly(str(path), entries, before, NOW, address=PAGES)


def lines(told: Digest | None) -> dict[str, str]:
    assert told is not None
    return {line.label: line.said for part in told.parts for line in part.lines}


def test_leaders_are_told_what_changed_what_is_promised_and_what_is_stale(prepared, everything):
    told = weekly(prepared, everything)
    assert lines(told) == LINES
    assert told is not None
    assert told.title == "Fennel & Rye: the week to 5 Nov 2026"
    assert told.parts[0].lines[0].url == f"{PAGES}/health?of=Fennel+%26+Rye&quarter=Q3+2026"


def test_leaders_hear_nothing_where_nothing_changed(prepared, everything):
    told = weekly(prepared, everything)
    assert told is not None
    assert weekly(prepared, everything, told.holds) is None


def test_what_changed_is_told_once_and_what_stands_until_it_is_settled(prepared, changed, everything):
    first = weekly(prepared, everything)
    assert first is not None
    more = written(*ACTIONS, action("Another", due=date(2026, 12, 1)), HELP)
    assert lines(weekly(prepared, more, first.holds)) == {
        "Promised": "Two of four have no update: “Cut the queue” (Beacon, due 1 Nov 2026) and “Another” "
        "(Beacon, due 1 Dec 2026).",
        "Old numbers": LINES["Old numbers"],
        "Help": LINES["Help"],
    }
    fine = changed("update metric_freshness set is_stale = false")
    assert lines(weekly(fine, Entries(), first.holds)) == {
        "Promised": "No promised action waits for an update any more.",
        "Old numbers": "All sources answer again.",
    }


def test_a_change_of_the_organisation_is_told_in_words(changed):
    better = """update metric_values set value = 27, difference = -34, verdict = 'signal_better'
      where scope = 'organisation' and metric = 'change_lead_time' and statistic = 'p50'
        and period = '2026-Q3'"""
    rank = (
        "insert into headline values ('organisation', '2026-Q3', 'change_lead_time', 'p50', 1, 0.001, 0.004)"
    )
    other = (
        "insert into headline values ('organisation', '2026-Q3', 'time_to_production', 'p50', 2, 0.001, 0.01)"
    )
    assert lines(weekly(changed(better, rank, other)))["Clear changes in Q3 2026"] == (
        "Change lead time is clearly shorter: 27 h, in Q2 2026 61 h. One more stands out. "
        "On pages of their own: Beacon."
    )


@pytest.mark.parametrize(
    ("as_of", "is_told"), [("2026-10-03 21:59:59Z", False), ("2026-10-03 22:00:00Z", True)]
)
def test_a_quarter_is_the_teams_for_two_full_days(changed, as_of, is_told):
    """The third quarter ends with 30 September: 1 to 3 October are the teams'. Berlin is two hours ahead."""
    told = weekly(changed(f"update run set as_of = '{as_of}', finished_at = '{as_of}'"))
    assert ("Clear changes in Q3 2026" in lines(told)) == is_told


@pytest.mark.parametrize(
    ("day", "is_told"),
    [("2026-11-03", False), ("2026-11-02", True), ("2026-10-20", True), ("2026-10-19", False)],
)
def test_a_survey_is_mentioned_only_after_the_teams_first_look(changed, day, is_told):
    """One of 2 November is everybody's from the 5th on; that of 20 October has been so for almost 14 days."""
    path = changed(f"update survey_wave set published_on = '{day}' where wave_id = '2026-Q3'")
    told = weekly(path)
    assert told is not None
    assert ("survey" in json.dumps(digest_chat.slack(told)).lower()) == is_told
    if is_told:
        opened = date.fromisoformat(day) + timedelta(days=3)
        assert (
            lines(told)["Survey"]
            == f"That of Q3 2026 is open to everybody since {opened.day} {opened:%b %Y}."
        )
        assert "Survey" not in lines(weekly(path, written(HELP), told.holds))


_SIGNAL = """update metric_values set rule = 'outside_limits', value = 90, expected_middle = 50
  where scope = 'organisation' and metric = 'change_lead_time' and statistic = 'p50'
    and period = '2026-W44'"""


def test_a_week_that_is_other_than_expected_says_how_often_chance_makes_one(changed):
    """1.03 signals are expected in the thirteen weeks of a quarter: one in 12.6 weeks."""
    assert lines(weekly(changed(_SIGNAL)))["Week 44, 2026"] == (
        "Other than expected in the whole organisation: Change lead time (longer). "
        "By chance alone one would come in about 13 weeks."
    )


def test_a_week_of_a_stale_source_tells_nothing(changed):
    stale = "update metric_freshness set is_stale = true where metric = 'change_lead_time'"
    assert "Week 44, 2026" not in lines(weekly(changed(_SIGNAL, stale)))


def test_there_are_never_more_than_five_lines(changed, everything):
    survey = "update survey_wave set published_on = '2026-11-02' where wave_id = '2026-Q3'"
    path = changed(_SIGNAL, survey)
    told = weekly(path, everything)
    assert list(lines(told)) == [*LINES, "Survey"]
    # The sixth was not told: as soon as there is room for it, it is news still.
    settled = lines(weekly(path, written(*ACTIONS[1:]), told.holds))
    assert list(settled) == ["Promised", "Old numbers", "Week 44, 2026"]


# ---- what is sent

HOSTILE = "<!channel> @here *b* [x](https://evil.example) <script>alert(1)</script> & \u202ecod"
SEEN = HOSTILE.replace("\u202e", "")


@pytest.fixture
def hostile() -> Digest:
    line = Line(plain(HOSTILE), plain(HOSTILE), "https://git.example/?a=1&b=2", is_new=True)
    parts = (Part(plain(HOSTILE), plain(HOSTILE), (line, replace(line, url=None)), "and 2 more"),)
    title = plain(HOSTILE)
    return Digest("team", TEAM, title, title, parts, title, "The team's page", f"{PAGES}/team?team=%3Cb%3E")


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from nodes(one)


def test_titles_are_text_in_slack(hostile):
    message = digest_chat.slack(hostile)
    kinds = {node["type"] for node in nodes(message) if "type" in node}
    assert kinds == {
        "header",
        "plain_text",
        "rich_text",
        "rich_text_section",
        "rich_text_list",
        "text",
        "link",
    }
    assert {node["url"] for node in nodes(message) if node.get("type") == "link"} == {
        "https://git.example/?a=1&b=2",
        hostile.url,
    }
    assert "<" not in message["text"]
    assert message["text"].startswith("&lt;!channel&gt; @here")
    assert not message["mrkdwn"]
    assert not message["link_names"]
    assert SEEN in [node.get("text") for node in nodes(message)]


def test_titles_are_text_in_teams(hostile):
    message = digest_chat.teams(hostile)
    card = message["attachments"][0]["content"]
    assert {node["type"] for node in nodes(card["body"]) if "type" in node} == {
        "RichTextBlock",
        "TextRun",
        "Action.OpenUrl",
    }
    assert "entities" not in card["msteams"]
    assert SEEN in [node.get("text") for node in nodes(card["body"])]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_titles_are_text_in_a_mail(hostile):
    page = _Page()
    page.feed(digest_mail.html(hostile))
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body", "table", "tr", "td"),
        *("h1", "h2", "p", "ul", "li", "a", "b"),
    }
    assert page.links == ["https://git.example/?a=1&b=2", hostile.url]
    # Twice the title, the lede, a part and its note, two lines with two of them each, the foot.
    assert page.text.count(SEEN) == 10


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://git.example/a?b=1&c=2#d", True),
        ("http://git.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://git.example/<b>", False),
        ('https://git.example/"x', False),
        ("https://[", False),
        ("https://", False),
        ("//git.example", False),
        ("", False),
        (None, False),
    ],
)
def test_links_lead_to_pages_alone(url, kept):
    assert safe_url(url) == (url if kept else None)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("two\nlines\r\n and\ta tab", "two lines and a tab"),
        ("a\u2028b\x00c\x1b[31m\ud800", "a bc[31m"),
        ("\u202eevil\u2066", "evil"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("x" * 241, "x" * 239 + "…"),
        ("x" * 240, "x" * 240),
    ],
)
def test_a_line_is_one_line_of_what_is_seen(text, seen):
    assert plain(text) == seen


def test_a_hostile_label_of_a_snapshot_is_shown_as_it_is(changed):
    told = morning(changed(more=1, label=HOSTILE))
    assert told is not None
    assert SEEN in [line.label for line in told.parts[-1].lines]
