"""Whether whoever looks may see a survey yet: its teams first, for two full days, then everybody."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard import access, snapshot, snapshot_survey, words
from dashboard.health.first_look import opens_to_leaders
from dashboard.survey_results import Wave


def opens(path: str, wave: str) -> datetime | None:
    """When a survey is everybody's; None where none of this name was published."""
    published = dict(snapshot_survey.waves(path).select("wave_id", "published_on").iter_rows()).get(wave)
    return opens_to_leaders(published, snapshot.run(path).zone) if published else None


def sees(path: str, wave: str, scope: str) -> bool:
    """Whether the visitor may see what a scope said in a survey."""
    who, opens_at, now = access.visitor(), opens(path, wave), datetime.now(UTC)
    kind, _, name = scope.partition(":")
    if kind == "team":
        return access.may_see_team(who, name, opens_at, now)
    return opens_at is None or not who.is_signed_in or now >= opens_at


def until(path: str, wave: str) -> str:
    """Who sees a survey now, and when everybody will, in a sentence."""
    opens_at = opens(path, wave)
    when = f" on {words.moment(opens_at)}" if opens_at else ""
    return f"The teams have the first look at this survey. It opens to everybody{when}."


def seen(path: str, waves: Sequence[Wave], scope: str) -> list[Wave]:
    """Those surveys that the visitor may see of a scope, in their order."""
    return [wave for wave in waves if sees(path, wave.id, scope)]
