"""Who works at Alder Logistics and writes no code: product, design, operations, support.

They are in its teams and leave no trace in the tools; what they think is known from surveys alone.
"""

from datetime import date

from connectors.sandbox.world import Account, Membership

STAYING = {
    "depot": 3,
    "harbour": 8,
    "routing": 6,
    "basket": 6,
    "catalogue": 6,
    "checkout": 7,
    "identity": 8,
}
"""Team → how many are there all the time. Tracking has none: it stays a team of three."""
JOINING = {
    "depot": [date(2025, 10, 6)],
    "basket": [date(2025, 11, 3)],
    "identity": [date(2026, 7, 1)],
    "checkout": [date(2026, 8, 3)],
}
"""Team → when one more joined each time: two late in 2025, two in the third quarter of 2026."""

LEAVER, LEFT = "wanda-routing", date(2025, 11, 1)
"""In routing until that day."""
SHARED, SHARED_BY = "stella-both", ("basket", "checkout")
"""The designer of two teams."""
OFFICE = "agnes-office"
"""Is in no team."""

_LAST_NAMES = ("andersen", "bianchi", "costa", "dubois", "eriksen", "fischer")
_FIRST_NAMES = ("ada", "bruno", "celia", "dilan", "emre", "franka", "goran", "hanna", "ivo", "jule")
_FIRST_ID = 20_000


def colleagues() -> tuple[dict[str, Account], list[Membership]]:
    """Their accounts and in which team they are from when to when."""
    places: list[tuple[str, date | None]] = [
        (team, None) for team, count in STAYING.items() for _ in range(count)
    ]
    places += [(team, day) for team, days in JOINING.items() for day in days]
    logins = [f"{first}-{last}" for last in _LAST_NAMES for first in _FIRST_NAMES]
    spells = [
        Membership(team, login, since, writes_code=False)
        for login, (team, since) in zip(logins, places, strict=False)
    ]
    spells.append(Membership("routing", LEAVER, None, LEFT, writes_code=False))
    spells += [Membership(team, SHARED, writes_code=False) for team in SHARED_BY]
    everybody = dict.fromkeys([*(spell.account for spell in spells), OFFICE])
    return {login: Account(_FIRST_ID + number, login) for number, login in enumerate(everybody)}, spells
