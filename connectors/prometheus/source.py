"""Prometheus, and what speaks its language (Thanos, Mimir, …): good and all events per hour.

An objective names two queries that count the events of an hour. They are asked for whole hours in the
past alone. An hour without events in all has no row: it is neither good nor bad. One that has events and
no good one is an outage, also where the series of the good ones is missing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.addresses import Address, is_encrypted
from connectors.answers import each, understand
from connectors.base import (
    Batch,
    Cursor,
    Finding,
    NotFound,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    UnexpectedShape,
    Unread,
    next_watermark,
)
from connectors.http import Patience, Reply
from connectors.prometheus import answers as shape
from connectors.records import ServiceLevelObjective, ServiceLevelReading
from connectors.rest_client import RestClient, RestSettings, bearer
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "prometheus"
SCOPES_FROM = "indicators"
STREAMS = {"objectives": ("service_level_objective",), "readings": ("service_level_reading",)}
"""Neither has a census: definitions always come whole, and readings are not deleted."""
EVERYTHING = "*"
WINDOW = timedelta(days=28)
"""Asked for at once: 672 points. Prometheus refuses more than 11,000, Mimir often 32 days."""
OVERLAP = timedelta(days=2)
"""Read again in each run: late scrapes and backfilled samples change what was read."""
FIRST_LOOK_BACK = timedelta(days=365)
"""How far a first run goes back where there is no history_start."""

Json = Mapping[str, Any]


class Objective(BaseModel):
    """One entry of `objectives`.

    `good` and `total` are PromQL, each giving one series: how many events there were within the hour
    before, as in `sum(increase(http_requests_total[1h]))`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[\w./-]+$")
    name: str | None = None
    service: str | None = None
    indicator: str | None = None
    target: float = Field(gt=0, lt=1)
    window_days: int | None = Field(default=None, ge=1)
    good: str = Field(min_length=1)
    total: str = Field(min_length=1)

    def record(self) -> ServiceLevelObjective:
        """The objective as it is defined now."""
        return ServiceLevelObjective(
            id=self.id,
            service=self.service,
            name=self.name,
            target_ratio=self.target,
            window_days=self.window_days,
            indicator=self.indicator,
            url=None,
        )


class Settings(RestSettings):
    """A `[[source]]` of kind prometheus; `include` and `exclude` are patterns on ids of objectives.

    A server that asks for no token may be without encryption, as they are inside a cluster.
    """

    base_url: Address = Field()
    objectives: list[Objective] = Field(min_length=1)

    @field_validator("objectives")
    @classmethod
    def _distinct(cls, objectives: list[Objective]) -> list[Objective]:
        if len({one.id for one in objectives}) < len(objectives):
            raise ValueError("names an id twice. Give each objective its own")
        return objectives

    @model_validator(mode="after")
    def _keeps_the_token(self) -> Self:
        if self.token_env and not is_encrypted(self.base_url):
            raise ValueError("base_url would send the token without encryption. Write an https address")
        return self


class PrometheusSource:
    """One Prometheus server, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._client = RestClient(settings, bearer(context.token), patience)

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope for all definitions; one per objective for the readings."""
        return (EVERYTHING,) if stream == "objectives" else tuple(self._objectives)

    @property
    def _objectives(self) -> dict[str, Objective]:
        return {one.id: one for one in self._settings.objectives if is_chosen([one.id], self._settings)}

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield definitions, or the readings since the watermark. Raises `SourceError`."""
        if stream == "objectives":
            definitions = [one.record() for one in self._objectives.values()]
            yield Batch.of_now(definitions, Cursor(), is_final=True)
            return
        objective = self._objectives.get(scope)
        if objective is None:
            raise NotFound(f"{self.name}/{scope}", "no objective has this id", "Correct `objectives`")
        yield from self._readings(objective, cursor)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether the server answers, and what each objective's queries give: two calls for each."""
        try:
            now, _ = self._clock(self.name)
        except SourceError as error:
            return [Finding.of(error, self.name)]
        how = "accepts the token" if self._context.token else "reachable without signing in"
        unknown = [scope for scope in self._context.scopes if scope not in self._objectives]
        message = "no objective has this id. Correct indicators, or put the source it belongs to before it"
        return [
            Finding(self.name, is_fine=True, message=how),
            *(self._finding(objective, now) for objective in self._objectives.values()),
            *(Finding(f"{self.name}/{scope}", is_fine=False, message=message) for scope in unknown),
        ]

    def _finding(self, objective: Objective, now: datetime) -> Finding:
        where = f"{self.name}/{objective.id}"
        last = _full_hour(now)
        try:
            found, unread = self._window(objective, last - timedelta(days=1), last)
        except SourceError as error:
            return Finding.of(error, where)
        if unread:
            return Finding(where, is_fine=False, message=f"{unread[0].reason}. {shape.COUNT_ALIKE}")
        if found:
            return Finding(where, is_fine=True, message="can be read")
        message = "the last day has no data. Check the names in good and total"
        return Finding(where, is_fine=False, message=message)

    # --- readings

    def _readings(self, objective: Objective, cursor: Cursor) -> Iterator[Batch]:
        """Window by window up to the last full hour; the watermark follows the last hour with data.

        Where there are none for long, the last window is read again and not all that was silent.
        """
        now, server_date = self._clock(f"{self.name}/{objective.id}")
        end = _full_hour(now)
        walk = cursor.current_pass
        at = _full_hour(self._start(cursor, now))
        mark = (walk and walk.started_watermark) or cursor.watermark
        while True:
            until = min(at + WINDOW, end)
            found, unread = self._window(objective, at, until) if at < until else ([], [])
            newest = found[-1].period_end if found else None
            previous = datetime.fromisoformat(mark) if mark else None
            reached = next_watermark(server_date, newest, previous, OVERLAP)
            is_final = until >= end
            if is_final:
                silent_since = min(end, server_date, datetime.now(UTC)) - WINDOW
                reached = max(filter(None, (reached, silent_since)))
            mark = reached.isoformat() if reached else None
            after = Cursor(mark) if is_final else Cursor(cursor.watermark, Pass(mark, until.isoformat()))
            yield Batch(found, after, is_final, datetime.now(UTC), server_date, unread)
            if is_final:
                return
            at = until

    def _start(self, cursor: Cursor, now: datetime) -> datetime:
        if cursor.current_pass:
            return datetime.fromisoformat(cursor.current_pass.after)
        start = self._context.history_start or now - FIRST_LOOK_BACK
        return max(start, cursor.watermark_at or start)

    def _window(
        self, objective: Objective, start: datetime, end: datetime
    ) -> tuple[list[ServiceLevelReading], list[Unread]]:
        """The readings of all whole hours between both times."""
        where = f"{self.name}/{objective.id}"
        good = self._counts(where, objective.good, start + shape.HOUR, end)
        total = {
            at: count
            for at, count in self._counts(where, objective.total, start + shape.HOUR, end).items()
            if math.isfinite(count)
        }
        if not good and any(total.values()):
            raise UnexpectedShape(
                where,
                f"good has no data from {start:%Y-%m-%d} to {end:%Y-%m-%d}, and total has",
                "Check the names in good; where there was no good event indeed, end it with `or vector(0)`",
            )
        read = partial(shape.reading, where, objective.id, good, total)
        return each(where, sorted(total), read, lambda ends: f"{ends:%Y-%m-%dT%H:%M:%SZ}")

    def _counts(self, where: str, query: str, first: datetime, last: datetime) -> dict[datetime, float]:
        """What a query counts, by the end of each hour."""
        question = {
            "query": query,
            "start": int(first.timestamp()),
            "end": int(last.timestamp()),
            "step": int(shape.HOUR.total_seconds()),
        }
        reply = self._ask("/api/v1/query_range", where, question)
        counts = understand(where, lambda: shape.counts(where, reply.json()))
        return {at: number for at, number in counts.items() if first <= at <= last}

    def _clock(self, where: str) -> tuple[datetime, datetime]:
        """The time by which the server evaluates, and that of its answer.

        Ours may be ahead, and an hour that has not ended would be counted in part.
        """
        reply = self._ask("/api/v1/query", where, {"query": "time()"})
        seconds = understand(where, lambda: float(shape.data(where, reply.json())["result"][1]))
        return datetime.fromtimestamp(seconds, UTC), reply.server_date

    def _ask(self, path: str, where: str, question: Json) -> Reply:
        try:
            return self._client.get(path, where, question)
        except UnexpectedShape as refused:
            fix = "Check the queries of this objective, and base_url"
            raise UnexpectedShape(where, refused.what, fix) from None


def _full_hour(at: datetime) -> datetime:
    """The last full hour of UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Prometheus source for one `[[source]]` table."""
    return PrometheusSource(cast("Settings", settings), context)
