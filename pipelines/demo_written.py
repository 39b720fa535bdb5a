"""What the people of the sandbox organisation wrote: all of it is invented, and all of it stands here.

`PROMISES`, `THEMES` and the others are what a health check of the demo must give back; tests read them there.
"""

from collections.abc import Mapping
from datetime import date

Q1, Q2, Q3, Q4 = "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"
ORGANISATION = "organisation"
NETWORK, ORDERING = "department:delivery-network", "department:ordering"
REVIEWED = {Q1: date(2026, 4, 15), Q2: date(2026, 7, 14), Q3: date(2026, 10, 13)}
"""When each quarter's sessions were held."""
DUE = {Q1: date(2026, 6, 30), Q2: date(2026, 9, 30), Q3: date(2026, 12, 18)}


THEMES: Mapping[tuple[str, str], tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    (ORGANISATION, Q2): (
        "Every failed change teaches us something",
        "Too many postmortems end without anybody having time for what they ask.",
        (("postmortem_coverage", "ratio", "up"),),
    ),
    (ORGANISATION, Q3): (
        "Changes reach production while their authors still remember them",
        "Half of our changes took longer than two days, and reviewers read them cold.",
        (("change_lead_time", "p50", "down"), ("change_failure_rate", "ratio", "steady")),
    ),
    (NETWORK, Q3): (
        "Small changes, picked up the same day",
        "A change that waits grows, and a large one waits longer.",
        (("pull_request_pickup_time", "p50", "down"),),
    ),
    (ORDERING, Q3): (
        "Search holds what we promise",
        "Customers notice search first, and its budget ran low twice.",
        (("service_level_attainment", "ratio", "up"),),
    ),
    ("team:harbour", Q3): (
        "From merge to port in a day",
        "Port staff wait for fixes that are already written.",
        (("change_lead_time", "p50", "down"), ("pull_request_pickup_time", "p50", "down")),
    ),
    ("team:depot", Q3): (
        "Review before starting something new",
        "Finished work lay for days beside work that had just begun.",
        (("pull_request_pickup_time", "p50", "down"),),
    ),
    ("team:routing", Q3): (
        "Fewer things begun at once",
        "Everything was nearly done, and little was.",
        (("work_in_progress", "level", "down"),),
    ),
    ("team:tracking", Q3): (
        "Releases without a calendar",
        "We released on Thursdays for no reason that anybody remembered.",
        (("deployment_frequency", "per_week", "up"),),
    ),
    ("team:basket", Q3): (
        "Keep what works while payments moves out",
        "Handing a service over is work that no plan shows.",
        (("change_failure_rate", "ratio", "steady"),),
    ),
    ("team:catalogue", Q3): (
        "Search we can change without fear",
        "Nobody likes to touch the ranking.",
        (("change_failure_rate", "ratio", "down"), ("new_code_coverage", "ratio", "up")),
    ),
    ("team:checkout", Q3): (
        "Less that nobody planned",
        "A third of our time goes to what arrives during the day.",
        (("unplanned_share", "ratio", "down"),),
    ),
    ("team:identity", Q3): (
        "Sign-in that newcomers can change",
        "Two people joined, and the oldest code is the hardest.",
        (("cycle_time", "p50", "down"),),
    ),
    (ORGANISATION, Q4): (
        "Time without interruption, on purpose",
        "People said that they are interrupted; the numbers do not say by what.",
        (("unplanned_share", "ratio", "down"),),
    ),
    ("team:catalogue", Q4): (
        "Fewer begun, more finished",
        "Reviews wait while new work starts.",
        (("work_in_progress", "level", "down"), ("pull_request_pickup_time", "p50", "down")),
    ),
}
"""(Scope, quarter) → sentence, why, and its numbers."""

DONE, DROPPED = "done", "dropped"
Told = tuple[str, str | None]
"""A state, and the update or the reason of it; `moving` without one is "no update"."""

PROMISES: Mapping[tuple[str, str], tuple[tuple[str, str, str, Told], ...]] = {
    (ORGANISATION, Q1): (
        ("Every postmortem is read by somebody from another team", "Each has a note from a reader.", "Safety",
         (DONE, "All eleven of the quarter have one.")),
        ("One list of services, kept by those who own them", "Nobody asks who owns what for a month.", "",
         (DONE, "The list is in the configuration.")),
    ),
    (ORGANISATION, Q2): (
        ("A change needs one approval, not two", "The wait for a first look gets shorter.", "Review",
         (DONE, "In force since 3 August.")),
        ("Each department has a week without planned meetings", "People say that they had time.", "Focus",
         ("moving", "Ordering had one in September; Delivery Network follows in November.")),
        ("Postmortem actions get an owner within a week", "None is older than that without one.", "Safety",
         ("moving", None)),
    ),
    (NETWORK, Q2): (
        ("Builds of the four teams run on the new machines", "A build takes less than ten minutes.", "Pace",
         (DONE, "Since the middle of August.")),
        ("A shared rota for the weekend", "No team has two weekends in a row.", "Pace",
         (DROPPED, "The teams preferred to keep their own; asked again in spring.")),
    ),
    (ORDERING, Q2): (
        ("An objective for search that customers would agree with", "The service shows it.", "Quality",
         (DONE, "99.5 % of searches within a second.")),
        ("Checkout takes over payments with its runbook", "A first night on call alone.", "Safety",
         ("moving", "The runbook is tried; the night is in November.")),
    ),
    ("team:harbour", Q2): (
        ("Release from the main branch, several times a day", "No release waits for another.", "Pace",
         (DONE, "Since 10 July.")),
        ("Changes are picked up within a working day", "Half of them are within two hours.", "Review",
         (DONE, "We look each morning at what waits.")),
        ("The rates service has tests for every port", "All ports that we serve are in the table.", "Quality",
         ("moving", "Nine of fourteen ports.")),
    ),
    ("team:depot", Q2): (
        ("Scanner updates go out in parts", "A bad one reaches one depot, not all.", "Quality",
         ("moving", None)),
    ),
    ("team:routing", Q2): (
        ("At most ten things at once", "The board shows no more on any Monday.", "Focus",
         (DONE, "One week in September was over, and we said so.")),
    ),
    ("team:basket", Q2): (
        ("Hand payments over to Checkout", "Basket gets no alert of it.", "Focus",
         (DONE, "The last one was in August.")),
        ("Prices come from one place", "The two old tables are gone.", "Quality",
         (DROPPED, "Catalogue builds it as part of its own work.")),
    ),
    ("team:catalogue", Q2): (
        ("Move search to the new cluster without a stop", "Nobody outside notices.", "Quality",
         (DONE, "Moved on 24 August; two rollbacks.")),
        ("Pair on the ranking, one afternoon a week", "Three people have changed it.", "Quality",
         ("moving", None)),
        ("Weekly releases of the admin pages", "Four in a row.", "Pace",
         (DROPPED, "The move of search took the time.")),
    ),
    ("team:checkout", Q2): (
        ("One person a week takes what arrives", "The others finish what they planned.", "Focus",
         ("moving", "Tried for five weeks; the notes are on the board.")),
        ("Say what we do not do", "The list is on the team's page.", "Focus",
         (DONE, "Four things, agreed with Ordering.")),
    ),
    ("team:identity", Q2): (
        ("A first change in the first week", "Both newcomers had one in production.", "",
         (DONE, "On the third and on the fifth day.")),
    ),
    (ORGANISATION, Q3): (
        ("Ask in two teams what interrupts, and publish the answers", "Both lists are on the pages.", "Focus",
         ("moving", None)),
        ("A rollback is one button in every service", "Tried in each at an exercise.", "Quality",
         ("moving", None)),
    ),
    (ORDERING, Q3): (
        ("Catalogue gets two weeks without new features", "Search is within its objective again.", "Quality",
         ("moving", None)),
    ),
    ("team:harbour", Q3): (
        ("Write down what we do not test, and why", "The list is in the repository.", "Quality",
         ("moving", None)),
    ),
    ("team:catalogue", Q3): (
        ("Finish a review before starting something new", "No change waits for more than a day.", "Review",
         ("moving", None)),
        ("Ask Routing how they hold their limit", "We tried it for a month.", "Focus",
         ("moving", None)),
    ),
}  # fmt: skip
"""(Scope, quarter of the review) → what, how it will be known, the pair, and how it stood a quarter later."""

Written = tuple[str, str, str, str, date, date | None, date | None]
DECISIONS: Mapping[tuple[str, str], tuple[Written, ...]] = {
    (ORGANISATION, Q3): (
        ("One approval is enough for a change", "low", "organisation", "department",
         date(2026, 7, 14), date(2026, 7, 21), None),
        ("Payments belongs to Checkout, with its on-call", "high", "team", "department",
         date(2026, 7, 6), date(2026, 8, 4), None),
        ("Each team chooses its own day for the retrospective", "low", "team", "team",
         date(2026, 8, 10), date(2026, 8, 10), None),
        ("All services move to one cluster this year", "high", "organisation", "organisation",
         date(2026, 7, 20), date(2026, 8, 24), date(2026, 9, 22)),
        ("Who keeps the list of exceptions to the objectives", "high", "organisation", "organisation",
         date(2026, 9, 14), None, None),
    ),
    ("team:harbour", Q3): (
        ("Release without a second pair of eyes after a green build", "low", "team", "team",
         date(2026, 7, 8), date(2026, 7, 9), None),
    ),
    ("team:catalogue", Q3): (
        ("Search moves before the admin pages", "high", "team", "team",
         date(2026, 7, 27), date(2026, 8, 3), None),
    ),
}  # fmt: skip
"""(Scope, quarter) → what, risk, reach, level, proposed, decided, reversed. Each cell has one."""

LIMITS = {
    "team:harbour": ((12, date(2026, 4, 20)), (10, date(2026, 7, 20))),
    "team:routing": ((10, date(2026, 7, 20)),),
    "team:catalogue": ((14, date(2026, 4, 20)),),
}
AGREEMENTS = {
    "team:harbour": (
        ("agreement", "A change is picked up within a working day.", 24, date(2026, 4, 20), None),
        ("ritual", "Each morning, ten minutes: what waits, and who looks.", None, date(2026, 7, 13), None),
    ),
    "team:catalogue": (
        ("error_budget_policy", "Below 25 % of the budget: no new features for that service.", None,
         date(2026, 4, 20), None),
        ("ritual", "Wednesday afternoons: the ranking, in pairs.", None, date(2026, 7, 20), None),
    ),
    "team:checkout": (
        ("agreement", "No meeting before eleven.", None, date(2026, 4, 20), None),
        ("agreement", "We release on Tuesdays and Thursdays.", None, date(2026, 1, 12), date(2026, 6, 1)),
    ),
    ORGANISATION: (
        ("error_budget_policy", "Below 25 % of a budget, the next sprint begins with what is failing.", None,
         date(2026, 4, 15), None),
    ),
}  # fmt: skip
"""Scope → kind, words, hours after which a change waits too long, from, until."""
ANNOTATIONS = {
    "team:harbour": (("ai_assistant", date(2026, 7, 6), None, "An AI assistant in every editor."),),
    "team:identity": (
        ("ai_assistant", date(2026, 8, 10), None, "An AI assistant, for tests to begin with."),
    ),
    "team:catalogue": (("event", date(2026, 8, 24), None, "Search moved to the new cluster."),),
    "team:checkout": (("event", date(2026, 1, 15), None, "Payments came over from Basket."),),
    ORGANISATION: (("gathering", date(2026, 9, 3), date(2026, 9, 4), "Everybody met for two days."),),
}
WENT_WELL = {
    (ORGANISATION, Q3): ("Two days together, and nobody was on a call.",),
    ("team:harbour", Q3): ("We released on a Friday, and it was dull.", "A port got its fix in an hour."),
    ("team:checkout", Q3): ("The first week in which what we planned was what we did.",),
    ("team:identity", Q3): ("A newcomer's first change on the third day.",),
    ("team:catalogue", Q3): ("Search moved without a stop that customers saw.",),
}  # fmt: skip
SAID_DID = {
    (ORGANISATION, Q3): (("Two approvals are one too many.", "One is enough since 3 August."),),
    (ORDERING, Q3): (
        ("Nobody follows up on what we say.", "What was promised comes first on this page."),
        ("We want fewer meetings.", "A week without any in September; the rest is open."),
    ),
    ("team:catalogue", Q3): (("The goals change too often.", "A theme stays for its quarter."),),
}  # fmt: skip
CONTEXT = {
    ("team:catalogue", Q3): (
        ("The move of search took most of August; two of the rollbacks are part of it.", True),
    ),
    ("team:tracking", Q3): (("Three people, of whom one was lent to Routing in July.", False),),
}
NOT_KNOWN: Mapping[tuple[str, str], str | None] = {
    (ORGANISATION, Q2): None,
    (ORGANISATION, Q3): "We decided on one cluster before asking those who run it, and took it back. "
    "We do not know yet what interrupts people.",
    (NETWORK, Q3): "We promised a shared rota that nobody had asked for.",
    (ORDERING, Q3): None,
}
"""None is "not this time", which is shown."""
CLOSINGS: Mapping[tuple[str, str], str | None] = {
    (ORGANISATION, Q2): None,
    (ORGANISATION, Q3): None,
    ("team:harbour", Q3): None,
    ("team:tracking", Q3): "The release change is three weeks old: we look at it for another quarter.",
}
"""Why a review ended without an action; None where it ended with some."""
