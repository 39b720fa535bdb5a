"""Whether whoever looks may see a survey yet: its teams first, for two full days, then everybody."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard import access
from dashboard.health.first_look import opens
from dashboard.survey_results import Wave


def sees(path: str, wave: str, scope: str) -> bool:
    """Whether the visitor may see what a scope said in a survey."""
    who, opens_at, now = access.visitor(), opens(path, wave), datetime.now(UTC)
    kind, _, name = scope.partition(":")
    if kind == "team":
        return access.may_see_team(who, name, opens_at, now)
    return opens_at is None or not who.is_signed_in or now >= opens_at


def seen(path: str, waves: Sequence[Wave], scope: str) -> list[Wave]:
    """Those surveys that the visitor may see of a scope, in their order."""
    return [wave for wave in waves if sees(path, wave.id, scope)]
