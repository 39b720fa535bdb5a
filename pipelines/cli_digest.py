"""The commands that show and send the two digests. Heavy imports stand inside what needs them."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from pipelines.cli_errors import FAILED, USAGE, CommandError
from pipelines.cli_options import RunFormat
from pipelines.digests_sent import Sent, sent
from pipelines.home import DEFAULT_CONFIG, HOME_VARIABLE

if TYPE_CHECKING:
    from dashboard.report.digest_document import Digest
    from pipelines.config_digest import Digests, Receiver

digest = typer.Typer(
    no_args_is_help=True, help="Show or send what changed: to teams each morning, to leaders weekly."
)
LEADERS = "leaders"
WARNS_OF_NO_SERVER = "streamlit.runtime.caching.cache_data_api"
"""Answers are cached outside of a server too; Streamlit warns of that once for each function."""
Maker = Callable[[str, frozenset[str] | None], "Digest | None"]
"""Makes the digest of a scope, beside what its last one held."""

_DRY_RUN = typer.Option("--dry-run", help="Print it as for somebody who never got one; send nothing.")
_FORMAT = typer.Option("--format", help="How to answer.")


@dataclass(frozen=True)
class Result:
    """What became of one receiver's digest, or of one that was only to be shown."""

    scope: str
    receiver: str | None
    status: str
    """`sent`, `silent`, `failed`, or `shown`."""
    digest: "Digest | None" = None
    error: str | None = None
    is_usage: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain values; what the digest holds stays out, since it is no text."""
        made = asdict(self.digest) if self.digest else None
        if made:
            del made["holds"]
        return {
            "scope": self.scope,
            "receiver": self.receiver,
            "status": self.status,
            "error": self.error,
            "digest": made,
        }


@digest.command("team")
def team(
    context: typer.Context,
    team: Annotated[list[str] | None, typer.Option(help="Only this team, by its id (repeatable).")] = None,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    format_: Annotated[RunFormat, _FORMAT] = RunFormat.text,
) -> None:
    """Say what waits too long in a team; nothing where that is as it was."""
    configuration, path, entries = _ready(context)
    from dashboard.report.digest import team_ids, team_morning  # noqa: PLC0415 - heavy
    from pipelines.snapshot_reader import require_name  # noqa: PLC0415 - heavy

    known = team_ids(path)
    for one in team or ():
        require_name("team in the published numbers", one, known, f"--team {one}")
    now = datetime.now(UTC)

    def make(scope: str, before: frozenset[str] | None) -> "Digest | None":
        name = scope.removeprefix("team:")
        return team_morning(path, entries, name, now, before=before, address=configuration.address)

    receivers = [one for one in configuration.receivers if one.team and (not team or one.team in team)]
    scopes = [f"team:{one}" for one in team or known]
    _answer(context, make, scopes, None if dry_run else receivers, configuration, now, format_)


@digest.command("leaders")
def leaders(
    context: typer.Context,
    dry_run: Annotated[bool, _DRY_RUN] = False,
    format_: Annotated[RunFormat, _FORMAT] = RunFormat.text,
) -> None:
    """Say in at most five lines what changed, what is promised without an update, and what is stale."""
    configuration, path, entries = _ready(context)
    from dashboard.report.digest import leaders_weekly  # noqa: PLC0415 - heavy

    now = datetime.now(UTC)

    def make(_scope: str, before: frozenset[str] | None) -> "Digest | None":
        return leaders_weekly(path, entries, before, now, address=configuration.address)

    receivers = [one for one in configuration.receivers if one.leaders]
    _answer(context, make, [LEADERS], None if dry_run else receivers, configuration, now, format_)


def _ready(context: typer.Context) -> "tuple[Digests, str, Any]":
    """The configuration, the published snapshot, and what is written."""
    if not context.obj.debug:
        logging.getLogger(WARNS_OF_NO_SERVER).disabled = True
    from dashboard.report.digest import DigestError, published  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.config_digest import Digests  # noqa: PLC0415 - heavy

    chosen = context.obj.config
    is_absent = chosen == Path(DEFAULT_CONFIG) and not chosen.exists()
    configuration = Digests() if is_absent else load(chosen).digest
    os.environ[HOME_VARIABLE] = str(context.obj.home.path)
    try:
        return configuration, *published()
    except DigestError as trouble:
        raise CommandError(str(trouble)) from trouble


def _answer(
    context: typer.Context,
    make: Maker,
    scopes: Sequence[str],
    receivers: "Sequence[Receiver] | None",
    configuration: "Digests",
    now: datetime,
    format_: RunFormat,
) -> None:
    """Show the digests of these scopes, or send them to the receivers; leave with what became of them."""
    if receivers is not None and not receivers:
        whom = "leaders" if list(scopes) == [LEADERS] else "these teams"
        what = f"digest: has no receiver for {whom}. Add a [[digest.receiver]], or look with --dry-run"
        raise CommandError(what, USAGE)
    results: list[Result] = []
    with nullcontext() if receivers is None else sent(context.obj.home) as memory:
        found = (
            _shown(make, scopes)
            if memory is None
            else _sent(make, receivers or (), configuration, memory, now)
        )
        for result in found:
            results.append(result)
            if format_ == RunFormat.text:
                _print(result)
    if format_ == RunFormat.json:
        typer.echo(json.dumps({"digests": [result.to_json() for result in results]}, ensure_ascii=False))
    failed = [result for result in results if result.error]
    for result in failed:
        typer.echo(f"error: {result.error}", err=True)
    if failed:
        raise typer.Exit(USAGE if all(result.is_usage for result in failed) else FAILED)


def _shown(make: Maker, scopes: Sequence[str]) -> Iterator[Result]:
    for scope in scopes:
        made = make(scope, None)
        yield Result(scope, None, "shown" if made else "silent", made)


def _sent(
    make: Maker, receivers: "Sequence[Receiver]", configuration: "Digests", memory: Sent, now: datetime
) -> Iterator[Result]:
    """Send to each receiver what is new to it. One that fails keeps none of the others from theirs."""
    from connectors.messages import MessageError  # noqa: PLC0415 - heavy
    from dashboard.report.digest import DigestError  # noqa: PLC0415 - heavy

    for receiver in receivers:
        scope = f"team:{receiver.team}" if receiver.team else LEADERS
        called = _called(receiver)
        key = f"{scope} {called}"
        made = None
        try:
            made = make(scope, memory.held(key))
            if made is not None:
                _send(receiver, configuration, made, now, f"digest to {called} ({scope})")
                memory.remember(key, made.holds, now)
        except MessageError as failure:
            if made is not None and failure.is_taken:
                memory.remember(key, made.holds, now)
            yield Result(scope, called, "failed", made, str(failure), failure.is_usage)
        except DigestError as failure:
            yield Result(scope, called, "failed", None, str(failure))
        else:
            yield Result(scope, called, "sent" if made else "silent", made)


def _called(receiver: "Receiver") -> str:
    """What a receiver is called: its variable; of mail how many addresses, with a print of them."""
    if receiver.webhook_env:
        return receiver.webhook_env
    print_ = hashlib.sha256("\n".join(sorted(receiver.mail)).encode()).hexdigest()[:8]
    return f"mail {print_}"


def _send(receiver: "Receiver", configuration: "Digests", made: "Digest", now: datetime, where: str) -> None:
    from connectors.messages import MailServer, mail, post  # noqa: PLC0415 - heavy
    from dashboard.report import digest_chat, digest_mail, digest_text  # noqa: PLC0415 - heavy

    if receiver.webhook and receiver.webhook_env:
        body = {"slack": digest_chat.slack, "teams": digest_chat.teams}[receiver.webhook](made)
        post(_secret(receiver.webhook_env, where), receiver.webhook, body, where=where)
        return
    server = MailServer(
        configuration.mail_server or "",
        configuration.mail_port,
        configuration.mail_security,
        configuration.mail_from or "",
        _secret(configuration.mail_user_env, where).get_secret_value()
        if configuration.mail_user_env
        else None,
        _secret(configuration.mail_password_env, where) if configuration.mail_password_env else None,
    )
    text, html = digest_text.text(made), digest_mail.html(made)
    mail(server, receiver.mail, subject=made.title, text=text, html=html, at=now, where=where)


def _secret(variable: str, where: str) -> SecretStr:
    from connectors.messages import MessageError  # noqa: PLC0415 - heavy

    value = os.environ.get(variable, "").strip()
    if not value:
        fix = "Put the secret into that variable"
        raise MessageError(where, f"{variable} is not set", fix, is_usage=True)
    return SecretStr(value)


def _print(result: Result) -> None:
    from dashboard.report import digest_text  # noqa: PLC0415 - heavy

    if result.status == "shown" and result.digest:
        typer.echo(digest_text.text(result.digest))
    elif result.receiver is None:
        typer.echo(f"{result.scope}: nothing to say")
    elif result.status != "failed":
        why = "" if result.status == "sent" else ": nothing changed"
        typer.echo(f"{result.scope}, {result.receiver}: {result.status}{why}")
