"""Datadog: service level objectives, and their good and all events (or seconds) per day of UTC.

There is no way to ask for the history of several objectives at once. One that counts events costs a call
per 28 days of history, so one per night; one that watches monitors or slices of time has only a
percentage for the time that is asked for, so a call per day, and its first reading goes back 30 days.

Datadog takes corrected events out of both counts, and corrections may be made weeks later, so the last
weeks of events are read again. Of time it tells only a percentage of what is left of the day, not how much
that is: there the readings are those without corrections.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from urllib.parse import quote

from connectors.addresses import HttpsAddress
from connectors.answers import each, endless, understand
from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    Finding,
    Forbidden,
    NotFound,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    next_watermark,
)
from connectors.datadog_slo import records as shape
from connectors.http import Patience, Reply
from connectors.records import ServiceLevelReading
from connectors.rest_client import RestClient, RestSettings, require_token
from connectors.selection import owned_or_included
from connectors.traffic import Traffic

KIND = "datadog_slo"
SCOPES_FROM = "indicators"
STREAMS = {"objectives": ("service_level_objective",), "readings": ("service_level_reading",)}
"""Neither has a census: definitions always come whole, and readings are not deleted."""
EVERYTHING = "*"
DAY = timedelta(days=1)
WINDOW = 28 * DAY
"""How much of a series is asked for at once; Datadog's points are then hours, not days."""
FIRST_LOOK_BACK = 365 * DAY
FIRST_LOOK_BACK_BY_DAY = 30 * DAY
OVERLAP_OF_EVENTS = 27 * DAY
"""With the day that has passed since it is one window, so one call."""
OVERLAP_BY_DAY = 7 * DAY
DEFINITIONS_PER_PAGE = 1000

Json = Mapping[str, Any]


class Settings(RestSettings):
    """A `[[source]]` of kind datadog_slo. Without `base_url` it is the site US1.

    `token_env` names the variable with the API key, `application_key_env` the one with the application
    key, which needs the permission slos_read. `include` holds ids or names of objectives that no
    service lists, `exclude` patterns on them.
    """

    base_url: HttpsAddress = "https://api.datadoghq.com"
    application_key_env: str = "DD_APPLICATION_KEY"


class DatadogSource:
    """One Datadog organisation, as the configuration names it."""

    def __init__(self, settings: Settings, context: SourceContext, patience: Patience | None = None) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._application_key = os.environ.get(settings.application_key_env, "").strip()
        api_key = context.token.get_secret_value() if context.token else ""
        keys = {"DD-API-KEY": api_key, "DD-APPLICATION-KEY": self._application_key}
        self._client = RestClient(settings, keys, patience)
        self._known: tuple[Mapping[str, Json], datetime] | None = None

    @property
    def traffic(self) -> Traffic:
        """What has been sent and received so far."""
        return self._client.traffic

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope for all definitions; for the readings the objectives, as they are configured."""
        return (EVERYTHING,) if stream == "objectives" else self._wanted()

    def _wanted(self) -> list[str]:
        return owned_or_included(self._context.scopes, self._settings)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield definitions, or readings since the watermark. Raises `SourceError`."""
        if stream == "readings":
            yield from self._readings(self._definition(scope), f"{self.name}/{scope}", cursor)
            return
        found, unread = each(
            f"{self.name}/objectives",
            self._chosen(),
            lambda node: [shape.objective(node)],
            lambda node: node["id"],
        )
        yield Batch(found, Cursor(), True, datetime.now(UTC), self._definitions()[1], unread)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def check(self) -> list[Finding]:
        """Whether both keys are accepted, and each configured objective is there."""
        try:
            self._require_keys()
            self._client.get("/api/v1/validate", self.name)
        except Forbidden:
            variable = self._settings.token_env
            message = (
                f"the server refuses the API key. Renew {variable}, or correct base_url: keys are of one site"
            )
            return [Finding(self.name, is_fine=False, message=message)]
        except SourceError as error:
            return [Finding.of(error, self.name)]
        left = self.traffic.allowance_left
        allowance = "" if left is None else f"; {left} requests left of the present allowance"
        accepted = Finding(self.name, is_fine=True, message=f"the API key is accepted{allowance}")
        try:
            self._definitions()
        except Forbidden:
            message = (
                f"{self._settings.application_key_env} lacks the permission slos_read. Give it to the key"
            )
            return [accepted, Finding(f"{self.name}/objectives", is_fine=False, message=message)]
        except SourceError as error:
            return [accepted, Finding.of(error)]
        return [accepted, *(self._finding(scope) for scope in self._wanted())]

    def _finding(self, scope: str) -> Finding:
        where = f"{self.name}/{scope}"
        try:
            node = self._definition(scope)
        except SourceError as error:
            return Finding.of(error, where)
        return Finding(where, is_fine=True, message=f"can be read, of type {node.get('type')}")

    # --- definitions

    def _require_keys(self) -> None:
        require_token(self._settings, self._context.token)
        if not self._application_key:
            variable = self._settings.application_key_env
            raise AuthError(self.name, f"{variable} is not set", f"Set the environment variable {variable}")

    def _definitions(self) -> tuple[Mapping[str, Json], datetime]:
        """All objectives of the organisation by id, asked for once, and the server's clock then."""
        if self._known is None:
            self._require_keys()
            where = f"{self.name}/objectives"
            nodes: dict[str, Json] = {}
            total = math.inf
            while len(nodes) < total:
                question = {"limit": DEFINITIONS_PER_PAGE, "offset": len(nodes)}
                reply = self._client.get("/api/v1/slo", where, question)
                found, total = understand(where, partial(_definitions, reply))
                if found and found.keys() <= nodes.keys():
                    raise endless(where)
                nodes |= found
                if not found:
                    break
            self._known = (nodes, reply.server_date)
        return self._known

    def _definition(self, scope: str) -> Json:
        """The objective with that id or name."""
        where = f"{self.name}/{scope}"
        nodes = self._definitions()[0]
        found = (
            [nodes[scope]] if scope in nodes else [one for one in nodes.values() if one.get("name") == scope]
        )
        if len(found) > 1:
            raise NotFound(where, "several objectives have this name", "Write the id under indicators")
        if not found:
            fix = "Correct indicators, or put the source it belongs to before it"
            raise NotFound(where, "no objective has this id or name", fix)
        return found[0]

    def _chosen(self) -> list[Json]:
        wanted = set(self._wanted())
        nodes = self._definitions()[0]
        return [node for key, node in nodes.items() if {key, node.get("name")} & wanted]

    # --- readings

    def _readings(self, node: Json, where: str, cursor: Cursor) -> Iterator[Batch]:
        """Window by window up to the last midnight; the watermark follows the last day with data.

        Where there are none for long, the last window is read again and not all that was silent.
        """
        is_of_events = node.get("type") == "metric"
        overlap = OVERLAP_OF_EVENTS if is_of_events else OVERLAP_BY_DAY
        server_date = self._definitions()[1]
        end = shape.midnight(server_date)
        walk = cursor.current_pass
        at = _start(cursor, end, self._context.history_start, is_of_events=is_of_events)
        mark = (walk and walk.started_watermark) or cursor.watermark
        while True:
            until = min(at + (WINDOW if is_of_events else DAY), end)
            found = self._window(str(node["id"]), where, at, until, is_of_events) if at < until else []
            newest = found[-1].period_end if found else None
            previous = datetime.fromisoformat(mark) if mark else None
            is_final = until >= end
            reached = next_watermark(server_date, newest, previous, overlap)
            if is_final:
                silent_since = min(end, datetime.now(UTC)) - (WINDOW if is_of_events else overlap)
                reached = max(filter(None, (reached, silent_since)))
            mark = reached.isoformat() if reached else None
            after = Cursor(mark) if is_final else Cursor(cursor.watermark, Pass(mark, until.isoformat()))
            yield Batch(found, after, is_final, datetime.now(UTC), server_date)
            if is_final:
                return
            at = until

    def _window(
        self, objective_id: str, where: str, start: datetime, end: datetime, is_of_events: bool
    ) -> list[ServiceLevelReading]:
        question: dict[str, int | str] = {"from_ts": int(start.timestamp()), "to_ts": int(end.timestamp())}
        if not is_of_events:
            question["apply_correction"] = "false"
        reply = self._client.get(f"/api/v1/slo/{quote(objective_id, safe='')}/history", where, question)

        def understood() -> list[ServiceLevelReading]:
            data = shape.history(where, reply.json())
            if is_of_events:
                return shape.events_by_day(objective_id, data, start, end)
            return shape.seconds_of_day(objective_id, data, start)

        return understand(where, understood)


def _definitions(reply: Reply) -> tuple[dict[str, Json], float]:
    return shape.definitions(reply.json())


def _start(cursor: Cursor, end: datetime, history_start: datetime | None, *, is_of_events: bool) -> datetime:
    """The midnight from which on to read."""
    if cursor.current_pass:
        return datetime.fromisoformat(cursor.current_pass.after)
    starts = [history_start, cursor.watermark_at]
    if not any(starts) or not (is_of_events or cursor.watermark):
        starts.append(end - (FIRST_LOOK_BACK if is_of_events else FIRST_LOOK_BACK_BY_DAY))
    return shape.midnight(max(filter(None, starts)))


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A Datadog source for one `[[source]]` table."""
    return DatadogSource(cast("Settings", settings), context)
