"""Alder Logistics: who works there, in which teams, and what they own. All of it is invented."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from connectors.sandbox.colleagues import colleagues
from connectors.sandbox.world import Account, Membership, Ownership, Service, Team, World

AS_OF = datetime(2026, 11, 2, 3, 10, tzinfo=UTC)
HISTORY_START = date(2025, 4, 1)
TIME_ZONE = "Europe/Berlin"
OWNER = "alder"
WEB = "https://github.alder.example"
"""Where the pages of the fictional GitHub would be."""
RENAMED_AT = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)
PAYMENTS_MOVED = date(2026, 1, 15)

DEPARTMENTS = [("delivery-network", "Delivery Network"), ("ordering", "Ordering")]

TEAMS = [
    Team("depot", "Depot", "delivery-network", 8),
    Team("harbour", "Harbour", "delivery-network", 10),
    Team("routing", "Routing", "delivery-network", 12),
    Team("tracking", "Tracking", "delivery-network"),
    Team("basket", "Basket", "ordering", 10),
    Team("catalogue", "Catalogue", "ordering", 14),
    Team("checkout", "Checkout", "ordering", 12),
    Team("identity", "Identity", "ordering", 9),
]

TEAM_SIZES = {
    "depot": 9,
    "harbour": 8,
    "routing": 10,
    "tracking": 3,
    "basket": 9,
    "catalogue": 12,
    "checkout": 10,
    "identity": 9,
}

JOINED = {
    "harbour": [date(2026, 1, 12)],
    "routing": [date(2026, 1, 5), date(2026, 2, 16)],
    "catalogue": [date(2026, 2, 2), date(2026, 7, 6), date(2026, 8, 3)],
    "checkout": [date(2026, 1, 19), date(2026, 3, 2), date(2026, 8, 17)],
    "identity": [date(2026, 7, 13), date(2026, 9, 7)],
}
"""Team → when the last of its people joined: six in the first quarter of 2026, five in the third."""

FIRST_NAMES = (
    "amina", "bela", "chiara", "dario", "elif", "farid", "greta", "hugo", "ines", "jonas",
    "kofi", "lena", "milan", "nora", "olu", "petra", "quinn", "rosa", "sami", "tilda",
    "umar", "vera", "wim", "xenia", "yusuf",
)  # fmt: skip
LAST_NAMES = ("brandt", "kaya", "moreau", "nowak", "okafor", "silva", "weiss")

BOTS = ("dependabot", "quality-gate")
"""Accounts that GitHub itself marks as bots."""
SCRIPTED_USER = "alder-release-bot"
"""An ordinary account that a script uses; only the configuration can tell."""
DELETED_USER = "former-colleague"

PROJECTS = {
    "BAS": "Basket",
    "CAT": "Catalogue",
    "CHK": "Checkout",
    "HAR": "Harbour",
    "IDN": "Identity",
    "PAY": "Payments",
    "ROU": "Routing",
    "TRK": "Tracking",
}

SIGN_IN_START = date(2026, 7, 1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a service works from a day on: medians in hours, rates per week, a share of failures."""

    since: date
    coding: float
    pickup: float
    review: float
    deployments_per_week: float
    failure_rate: float


@dataclass(frozen=True, slots=True)
class Habits:
    """What a repository's history looks like: its rate of human changes per week and its customs."""

    changes_per_week: float
    methods: tuple[str, ...]
    paces: tuple[Pace, ...]
    lead_since: date | None = None
    """From when on one person opens every change; whoever is of the team looks at them."""


def _service(name: str, team: str, projects: list[str] | None = None, start: date = HISTORY_START) -> Service:
    """A service with one owner, deployed from a repository of its own name."""
    return Service(
        id=name,
        name=name,
        active_from=start,
        owners=[Ownership(team)],
        repository=f"{OWNER}/{name}",
        jira_projects=projects or [],
        incident_service=f"P{name.upper().replace('-', '')[:13]}",
    )


def services() -> list[Service]:
    """The twelve services and their dated owners."""
    found = [
        _service("basket-api", "basket", ["BAS"]),
        _service("catalogue-admin", "catalogue"),
        _service("catalogue-search", "catalogue", ["CAT"]),
        _service("checkout-web", "checkout", ["CHK"]),
        _service("depot-scan", "depot"),
        _service("harbour-booking", "harbour", ["HAR"]),
        _service("harbour-rates", "harbour"),
        _service("payments", "basket", ["PAY"]),
        _service("routing-engine", "routing", ["ROU"]),
        _service("sign-in", "identity", ["IDN"], SIGN_IN_START),
        _service("tracking-events", "tracking", ["TRK"]),
        _service("tracking-web", "tracking"),
    ]
    by_id = {service.id: service for service in found}
    by_id["catalogue-admin"].deployments_from, by_id["catalogue-admin"].deployments_match = "tags", "^v[0-9]"
    by_id["depot-scan"].deployments_from = "workflow_runs"
    by_id["depot-scan"].deployments_match = "^Deploy production$"
    by_id["routing-engine"].deployments_from = "releases"
    by_id["routing-engine"].deployments_match = r"^v[0-9]+\.[0-9]+\.[0-9]+$"
    by_id["harbour-rates"].repository = f"{OWNER}/rate-service"
    by_id["payments"].owners = [
        Ownership("basket", None, PAYMENTS_MOVED),
        Ownership("checkout", PAYMENTS_MOVED, None),
    ]
    for part in ("events", "web"):
        tracking = by_id[f"tracking-{part}"]
        tracking.repository = f"{OWNER}/tracking"
        tracking.deployments_match = f"^production-{part}$"
        tracking.production_environments = (f"production-{part}",)
    return found


def people() -> tuple[dict[str, Account], list[Membership]]:
    """Seventy people who write code, fifty who do not, and their teams; and accounts of no people."""
    logins = [
        f"{FIRST_NAMES[number % len(FIRST_NAMES)]}-{LAST_NAMES[number % len(LAST_NAMES)]}"
        for number in range(sum(TEAM_SIZES.values()))
    ]
    accounts: dict[str, Account] = {}
    memberships: list[Membership] = []
    for team, size in TEAM_SIZES.items():
        for _ in range(size):
            login = logins[len(accounts)]
            accounts[login] = Account(10_000 + len(accounts), login)
            memberships.append(Membership(team, login))
    for team, days in JOINED.items():
        newest = [spell for spell in memberships if spell.team == team][-len(days) :]
        for spell, day in zip(newest, days, strict=True):
            spell.since = day
    mover = next(spell for spell in memberships if spell.team == "catalogue")
    mover.until = date(2026, 3, 1)
    memberships.append(Membership("harbour", mover.account, date(2026, 3, 1), None))
    for number, login in enumerate(BOTS):
        accounts[login] = Account(90_000 + number, login, "Bot")
    accounts[SCRIPTED_USER] = Account(95_000, SCRIPTED_USER)
    accounts[DELETED_USER] = Account(95_001, DELETED_USER, deleted=True)
    others, spells = colleagues()
    return accounts | others, memberships + spells


def found(seed: int) -> World:
    """The organisation with its people and services, before anything has happened."""
    accounts, memberships = people()
    return World(
        seed=seed,
        organisation=OWNER,
        name="Alder Logistics",
        time_zone=TIME_ZONE,
        quarter_start_month=1,
        history_start=HISTORY_START,
        as_of=AS_OF,
        departments=list(DEPARTMENTS),
        teams=list(TEAMS),
        memberships=memberships,
        accounts=accounts,
        services=services(),
        repositories=[],
        projects=dict(PROJECTS),
    )


def _steady(coding: float, pickup: float, review: float, deployments: float, failures: float) -> tuple[Pace]:
    return (Pace(HISTORY_START, coding, pickup, review, deployments, failures),)


HARBOUR = (
    Pace(HISTORY_START, 5.0, 2.5, 3.0, 4.0, 0.08),
    Pace(date(2026, 7, 10), 1.5, 0.8, 1.0, 8.0, 0.08),
)
CATALOGUE = (
    Pace(HISTORY_START, 3.0, 1.5, 2.0, 5.0, 0.07),
    Pace(date(2026, 8, 24), 11.0, 9.0, 9.0, 4.0, 0.2),
)

HABITS: dict[str, Habits] = {
    "basket-api": Habits(8.0, ("squash",), _steady(2.0, 0.8, 1.2, 8.0, 0.05)),
    "catalogue-admin": Habits(4.0, ("merge",), CATALOGUE),
    "catalogue-search": Habits(6.5, ("merge", "squash"), CATALOGUE),
    "checkout-web": Habits(8.0, ("squash",), _steady(1.2, 0.5, 0.8, 10.0, 0.05)),
    "depot-scan": Habits(5.5, ("rebase",), _steady(6.0, 3.0, 4.0, 4.5, 0.05)),
    "harbour-booking": Habits(6.5, ("squash", "rebase"), HARBOUR),
    "harbour-rates": Habits(4.0, ("squash",), HARBOUR, lead_since=date(2026, 6, 15)),
    "payments": Habits(7.0, ("merge", "squash", "rebase"), _steady(2.0, 1.0, 1.2, 7.0, 0.06)),
    "routing-engine": Habits(8.0, ("squash",), _steady(3.0, 1.5, 2.0, 5.5, 0.09)),
    "sign-in": Habits(7.0, ("squash",), _steady(2.5, 1.2, 1.5, 6.0, 0.06)),
    "tracking": Habits(5.0, ("merge",), _steady(4.0, 2.0, 2.5, 3.5, 0.06)),
}
"""By the repository's name, without its owner."""
