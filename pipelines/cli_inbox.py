"""The commands that write into the inbox: `record` for scripts, and the HTTP door for jobs elsewhere.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

import inspect
import json as jsonlib
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines.cli_errors import FAILED, USAGE, CommandError

if TYPE_CHECKING:
    from connectors.base import InputError
    from connectors.inbox.columns import Row
    from connectors.inbox.settings import InboxSettings

DOOR_PORT = 8502
MOST_CONNECTIONS = 64
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RecordTypes(TyperGroup):
    """One command per record type, made of its columns when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The record types."""
        return list(_record_commands())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one record type."""
        return _record_commands().get(cmd_name)


record = typer.Typer(cls=RecordTypes, no_args_is_help=True)
inbox = typer.Typer(help="The inbox's HTTP door and what its files hold.", no_args_is_help=True)


@record.callback()
def _record() -> None:
    """Put rows into the inbox, for scripts. Each record type is a command; its options are the columns."""


@inbox.command()
def schema(
    record_type: Annotated[str, typer.Argument(help="A record type, such as deployments.")],
) -> None:
    """Print the JSON Schema of a record type's rows."""
    from connectors.inbox.schema import row_schema  # noqa: PLC0415 - heavy
    from connectors.inbox.types import ROWS  # noqa: PLC0415 - heavy

    if record_type not in ROWS:
        raise CommandError(f"{record_type}: no record type. Known are {', '.join(ROWS)}", USAGE)
    typer.echo(jsonlib.dumps(row_schema(record_type), indent=2, ensure_ascii=False))


@inbox.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="The port.")] = DOOR_PORT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    source: Annotated[
        str | None, typer.Option(help="Which source of kind inbox, where there are several.")
    ] = None,
) -> None:
    """Take deployments and incidents over HTTP, from jobs that have a token."""
    from connectors import door_server  # noqa: PLC0415 - heavy
    from connectors.base import AuthError  # noqa: PLC0415 - heavy
    from connectors.inbox.door.app import create_door  # noqa: PLC0415 - heavy
    from connectors.inbox.door.tokens import Tokens  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.serve import require_free_port  # noqa: PLC0415 - used here alone

    settings = _inbox_of(load(context.obj.config).sources, source)
    try:
        tokens = Tokens(settings, os.environ)
    except AuthError as refused:
        raise CommandError(str(refused), USAGE) from None
    require_free_port("--port", port, host)
    app = create_door(settings.door_types, tokens, context.obj.home.path)
    typer.echo(f"The inbox takes {', '.join(settings.door_types)} at http://{host}:{port}/v1/…", err=True)
    if host not in LOOPBACK:
        typer.echo("Tokens are sent as they are: put a proxy with TLS in front of it.", err=True)
    door_server.serve(app, host, port, MOST_CONNECTIONS)


def _inbox_of(sources: Any, name: str | None) -> "InboxSettings":
    """The settings of the inbox that is meant."""
    found = {one.name: one for one in sources if one.kind == "inbox"}
    if name and name not in found:
        raise CommandError(f"--source {name}: no source of kind inbox. Known are {', '.join(found)}", USAGE)
    if not found:
        raise CommandError('no source of kind inbox. Add a [[source]] with kind = "inbox"', USAGE)
    if len(found) > 1 and not name:
        raise CommandError(f"there are several inboxes. Choose one with --source: {', '.join(found)}", USAGE)
    settings: InboxSettings = found[name] if name else next(iter(found.values()))
    return settings


# --- record


@cache
def _record_commands() -> Mapping[str, Any]:
    """Record type → its command."""
    from connectors.inbox.types import ROWS  # noqa: PLC0415 - heavy

    app = typer.Typer()
    for record_type, row in ROWS.items():
        about = (row.__doc__ or "").splitlines()[0]
        app.command(record_type, help=f"{about} {_NOTE}", short_help=about)(_recording(record_type, row))
    group: Any = typer.main.get_command(app)
    commands: Mapping[str, Any] = group.commands
    return commands


_NOTE = "Prints the row's id. A time may be `now`."


def _recording(record_type: str, row: "type[Row]") -> Callable[..., None]:
    """The function behind a command, whose options are the columns."""

    def command(context: typer.Context, json: Path | None, **columns: Any) -> None:
        given = {name: value for name, value in columns.items() if value not in (None, False)}
        if json is not None and given:
            raise CommandError(
                f"record {record_type}: --json stands alone. Leave the other options out", USAGE
            )
        rows = _rows_of(json) if json else [_completed(record_type, row, given)]
        _write(context.obj.home.path, record_type, rows)

    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [_CONTEXT, *(_option(row, field) for field in row.fields()), _JSON]
    )
    return command


_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
_JSON = inspect.Parameter(
    "json",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        Path | None,
        typer.Option("--json", help="Read rows from a file of JSON objects, one per line; - is stdin."),
    ],
)


def _option(row: "type[Row]", field: str) -> inspect.Parameter:
    """The option of a column. None is required: what is missing is said in the columns' own words."""
    names = [f"--{name.replace('_', '-')}" for name in row.names(field)]
    if field == row.own_id():
        names.append("--id")
    told = row.model_fields[field]
    text = (told.description or "").replace("`", "").replace("[[", "").replace("]]", "")
    if field == row.own_id():
        text = f"{text}; one is made up where it is left out"
    elif field == row.NOW:
        text = f"{text}; now where it is left out"
    elif told.is_required():
        text = f"(required) {text}"
    if told.annotation is bool:
        annotation: Any = Annotated[bool, typer.Option(names[0], help=text)]
        return inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
    annotation = Annotated[str | None, typer.Option(*names, help=text, metavar="TEXT")]
    return inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _completed(record_type: str, row: "type[Row]", given: Mapping[str, Any]) -> dict[str, Any]:
    """A row of options: `now` is a time, and what the command makes up is there."""
    from connectors.inbox.schema import row_schema  # noqa: PLC0415 - heavy

    now = datetime.now(UTC).isoformat()
    properties = row_schema(record_type)["properties"]
    values = {row.names(field)[0]: value for field, value in given.items()}
    if row.NOW and not given.get("deleted"):
        values.setdefault(row.NOW, "now")
    for column, value in values.items():
        if value == "now" and "date-time" in str(properties[column]):
            values[column] = now
    own_id = row.own_id()
    if own_id and not given.get("deleted"):
        values.setdefault(own_id, secrets.token_hex(8))
    needed = (
        row.key_columns() if given.get("deleted") else [name for name, need in row.columns().items() if need]
    )
    missing = [f"--{name.replace('_', '-')}" for name in needed if not values.get(name)]
    if missing:
        raise CommandError(f"record {record_type}: {missing[0]} is missing. Add {', '.join(missing)}", USAGE)
    return values


def _rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, or of stdin."""
    from connectors.base import InputError  # noqa: PLC0415 - heavy
    from connectors.inbox.files import read_object  # noqa: PLC0415 - heavy

    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        lines = text.decode("utf-8-sig").split("\n")
        return [read_object(f"row {number}", line) for number, line in enumerate(filter(str.strip, lines), 1)]
    except OSError as unreadable:
        raise CommandError(
            f"--json {path}: cannot be read ({unreadable.strerror}). Name another", USAGE
        ) from None
    except UnicodeDecodeError:
        raise CommandError(f"--json {path}: is not UTF-8 text. Save it as UTF-8", USAGE) from None
    except InputError as fault:
        raise CommandError(
            f"--json {path}: {fault.where} {fault.what}. Write one object per line", USAGE
        ) from None


def _write(home: Path, record_type: str, rows: list[dict[str, Any]]) -> None:
    from connectors.base import InputError  # noqa: PLC0415 - heavy
    from connectors.inbox.writer import InboxBusyError, InboxWriter  # noqa: PLC0415 - heavy

    try:
        recorded = InboxWriter(home).record(record_type, rows)
    except InputError as fault:
        raise CommandError(f"record {record_type}: {_as_told(fault)}", USAGE) from None
    except InboxBusyError as busy:
        raise CommandError(str(busy), FAILED) from None
    for one in recorded:
        typer.echo(one.id)


def _as_told(fault: "InputError") -> str:
    """What is wrong with a row, in the words of the command line."""
    row, _, column = fault.where.partition(" column ")
    where = f"{row} --{column.replace('_', '-')}" if column else row
    return f"{where}: {fault.what}. {fault.fix}".removeprefix("row 1 ")
