"""What people are told before they answer. The promise and its limits are held against what was agreed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.privacy.units import Group, Partition, Unit
from pipelines.survey.announcement import AnnouncementError, Facts, announcement

ROOT = Path(__file__).parents[2]
PROMISE = (
    "Within one wave, every number shown, and every sum or difference anyone can form of the numbers shown, "
    "rests on the answers of at least six people; so even someone who knows their own answer faces five "
    "others."
)
LIMITS = (
    "Across waves this cannot be proven away: where opinions persist, a change of d people in a roster or "
    "among those who answer exposes those d to good guessing (one joiner among six stayers: an item exact in "
    "half the cases, from two published waves). We reduce it by the rules below and say so, in these words, "
    "before people answer."
)
NOT_COVERED = (
    "Not covered, and said: collusion, background knowledge, a whole group of one mind (reduced by bands), "
    "an operator who watches the files while people answer, and what the linked tools themselves show (a "
    "pull request names its author)."
)
FACTS = Facts(
    organisation="Acme",
    asker="The people team",
    wave="2026-Q4",
    opens_on=date(2026, 12, 14),
    closes_on=date(2026, 12, 24),
    address="https://survey.example.org",
    partition=Partition(
        (Group("organisation", "Acme", "organisation", None),
         Group("department:sea", "Sea", "department", "organisation")),
        (
            Unit("team:quay", "Quay {of} stone", "department:sea", ("team:quay",)),
            Unit("team:harbour", "Harbour", "department:sea", ("team:harbour",)),
        ),
    ),
    least_members=8,
    k=6,
)  # fmt: skip


@pytest.mark.parametrize("sentence", [PROMISE, LIMITS, NOT_COVERED])
def test_the_promise_and_its_limits_are_there_word_for_word(sentence):
    assert sentence in announcement(FACTS, "en")


def test_the_promise_in_german_is_the_one_of_the_ballots_page():
    page = (ROOT / "connectors/ballots/page/protection.de.md").read_text("utf-8")
    quoted = [line.removeprefix("> ") for line in page.splitlines() if line.startswith("> ")]
    assert quoted[0].startswith("Innerhalb einer Umfrage beruht jede gezeigte Zahl und jede Summe")
    lines = announcement(FACTS, "de").splitlines()
    assert [line for line in lines if line in quoted] == quoted


@pytest.mark.parametrize(("language", "word"), [("en", "who joined"), ("de", "seit Kurzem")])
def test_a_survey_of_newcomers_says_so(language, word):
    assert word not in announcement(FACTS, language)
    assert word in announcement(replace(FACTS, is_of_newcomers=True), language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["The people team asks", "14 December 2026 to 24 December 2026", "https://survey.example.org",
             "appraisal, pay or ranking", "voluntary", "- Sea: Harbour, Quay {of} stone",
             "this unit or a larger",
             "cannot be met", "destroyed", "in tens", "at least 8 people", "fewer\nthan 6"],
        ),
        (
            "de",
            ["The people team fragt", "14. Dezember 2026 bis zum 24. Dezember 2026", "https://survey.example.org",
             "Beurteilung, Gehalt oder Ranglisten", "freiwillig", "- Sea: Harbour, Quay {of} stone",
             "mindestens sechs Personen", "größere, nie für eine kleinere", "nicht erfüllen", "vernichtet",
             "in Zehnern"],
        ),
    ],
)  # fmt: skip
def test_who_asks_when_what_for_and_what_happens(language, words):
    text = announcement(FACTS, language)
    flat = " ".join(text.split())
    assert [word for word in words if " ".join(word.split()) not in flat] == []


def test_a_language_without_a_text_is_told():
    with pytest.raises(AnnouncementError, match=r"no text in \.\./en, only in de, en"):
        announcement(FACTS, "../en")
