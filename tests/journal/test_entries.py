"""What may stand in an entry, and the sentence for what may not."""

import pytest
from pydantic import ValidationError
from written import QUARTER, TEAM, a_decision, a_limit, a_theme, an_action

from connectors.journal.entries import (
    KINDS,
    Agreement,
    Annotation,
    Context,
    Indicator,
    NotKnown,
    WentWell,
    first_day,
    sentences,
)
from connectors.journal.wording import looks_like_person


def an_annotation(text="The build was slow.", **changed):
    return Annotation(**({"scope": TEAM, "kind": "event", "on": "2026-09-01", "text": text} | changed))


def _told(make):
    with pytest.raises(ValidationError) as trouble:
        make()
    return sentences(trouble.value)


@pytest.mark.parametrize(
    ("make", "field", "said"),
    [
        (lambda: an_action(state="dropped"), "reason", "is needed where an action was dropped"),
        (
            lambda: an_action(state="dropped", reason=" \n "),
            "reason",
            "is needed where an action was dropped",
        ),
        (lambda: an_action(due="2026-06-30"), "due", "before 2026-Q3 began"),
        (lambda: an_action(due="2026-02-30"), "due", "date"),
        (lambda: an_action(due="9999-12-31"), "due", "is more than 2099-12-31"),
        (lambda: an_action(what=" "), "what", "is empty"),
        (lambda: an_action(what="x" * 201), "what", "longer than 200 characters"),
        (lambda: an_action(known_by="x" * 2001), "known_by", "longer than 2000 characters"),
        (lambda: an_action(effort="huge"), "effort", "'small', 'medium' or 'large'"),
        (lambda: an_action(scope="team:Robert'); DROP TABLE x"), "scope", "does not have the form"),
        (lambda: an_action(scope="service:pay"), "scope", "does not have the form"),
        (lambda: an_action(quarter="2026-Q5"), "quarter", "does not have the form"),
        (lambda: an_action(hours=3), "hours", "not permitted"),
        (lambda: a_theme(indicators=()), "indicators", "fewer than 1"),
        (lambda: a_theme(indicators=a_theme().indicators * 4), "indicators", "more than 3"),
        (lambda: a_decision(decided_on="2026-08-31"), "decided_on", "before the decision was proposed"),
        (
            lambda: a_decision(reversed_on="2026-09-30"),
            "decided_on",
            "what was not decided cannot be reversed",
        ),
        (
            lambda: a_decision(decided_on="2026-09-10", reversed_on="2026-09-09"),
            "reversed_on",
            "before the decision was taken",
        ),
        (lambda: a_decision(link="javascript:alert(1)"), "link", "does not have the form"),
        (lambda: a_theme(markers=("two words",)), "markers.0", "does not have the form"),
        (lambda: a_theme(markers="ask @ada"), "markers.1", "People are not written here"),
        (lambda: a_theme(markers=" ".join(map(str, range(11)))), "markers", "are more than 10"),
        (lambda: a_limit(limit=0), "limit", "is less than 1"),
        (lambda: a_limit(scope="organisation"), "scope", "does not have the form"),
        (lambda: an_annotation(until="2026-08-31"), "until", "before the day on which it began"),
        (
            lambda: Agreement(
                scope=TEAM, kind="ritual", text="Demo", valid_from="2026-09-01", valid_to="2026-09-01"
            ),
            "valid_to",
            "not after the day",
        ),
        (lambda: an_annotation("Bell\x07"), "text", "control characters"),
        (lambda: an_annotation("\u202etxet"), "text", "control characters"),
        (lambda: an_annotation("a\ud800b"), "text", ""),
        (lambda: an_annotation("Ask ada.lovelace@example.org"), "text", "People are not written here"),
        (lambda: an_annotation("Thanks @ada-l!"), "text", "People are not written here"),
        (lambda: an_annotation("Thanks [~adal]!"), "text", "People are not written here"),
        (
            lambda: Context(scope=TEAM, quarter=QUARTER, text="（＠ada）"),
            "text",
            "People are not written here",
        ),
        (lambda: an_action(owner="ada@example.org"), "owner", "People are not written here"),
    ],
)
def test_what_may_not_stand_there_is_told_in_a_line(make, field, said):
    told = _told(make)
    assert said in told[field]
    assert "\n" not in told[field]


def test_a_sentence_repeats_nothing_of_what_was_written():
    told = _told(lambda: an_action(what="zebra\x00", due="zebra", effort="zebra", scope="zebra"))
    assert {*told} == {"what", "due", "effort", "scope"}
    assert "zebra" not in str(told)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "two\nlines\tand a tab",
        "uses: actions/checkout@v4",
        "5 @ 3",
        "Ärger mit 支付",
        "x" * 2000,
    ],
)
def test_any_other_text_is_kept_as_it_is(text):
    assert an_annotation(f" {text} ").text == text


def test_a_title_is_one_line():
    assert an_action(what="Review\n within  a day").what == "Review within a day"


def test_what_is_left_blank_says_nothing():
    assert an_action(reason="", update=" ", issue="").model_dump(include={"reason", "update", "issue"}) == {
        "reason": None,
        "update": None,
        "issue": None,
    }
    assert NotKnown(scope=TEAM, quarter=QUARTER, text="").text is None
    assert a_decision(link="").link is None


def test_an_indicator_names_a_published_number():
    with pytest.raises(ValidationError):
        Indicator(metric="drop table", statistic="p50", baseline_quarter=QUARTER, expected="up")


def test_every_kind_is_kept_under_a_name_of_its_own():
    assert sorted(KINDS) == [
        "action",
        "agreement",
        "annotation",
        "closing",
        "context",
        "decision",
        "not_known",
        "said_did",
        "theme",
        "went_well",
        "wip_limit",
    ]


def test_a_quarter_begins_with_its_first_month():
    assert [first_day(f"2026-Q{number}").isoformat() for number in range(1, 5)] == [
        "2026-01-01",
        "2026-04-01",
        "2026-07-01",
        "2026-10-01",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ada Lovelace held the release together.", "Ada Lovelace"),
        ("The release was calm, thanks to Ada.", "thanks to Ada"),
        ("Kudos to Žofie!", "Kudos to Žofie"),
        ("Jean-Luc O’Neill wrote the runbook", "Jean-Luc O’Neill"),
        ("Ask @ada", "@a"),
    ],
)
def test_what_looks_like_a_person_is_warned_of(text, named):
    assert f"“{named}”" in looks_like_person(text)
    if "@" not in text:
        assert WentWell(scope=TEAM, quarter=QUARTER, text=text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "The release was calm. We paired on it.",
        "Change failure rate fell to 4 %",
        "Payments API and SLO",
        "thanks to the new queue",
        "",
    ],
)
def test_work_does_not_look_like_a_person(text):
    assert looks_like_person(text) is None
