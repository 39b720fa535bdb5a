"""The commands of a survey.

Heavy imports stand inside the commands that need them: `outcomes --help` is instant.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import USAGE, CommandError
from pipelines.cli_options import TableFormat, day

if TYPE_CHECKING:
    from pipelines.config_model import Configuration
    from pipelines.home import Home
    from pipelines.survey.bank import Bank
    from pipelines.survey.calendar import Kind, Quarter

MOST_CONNECTIONS = 512
"""Of people who answer at once."""

survey = typer.Typer(help="What teams say: ask them, and publish it.", no_args_is_help=True)


@survey.command()
def bank(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(help="A bank's file, or the name of a shipped one. Without it, what is configured."),
    ] = None,
    language: Annotated[str | None, typer.Option(help="In this language, such as de.")] = None,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to answer.")] = TableFormat.table,
) -> None:
    """Show what would be asked, or what is wrong with it."""
    from pipelines.survey.bank_answers import print_bank  # noqa: PLC0415 - heavy

    found = _bank_of(file, context.obj.home.path, context.obj.config)
    print_bank(found.translated(language) if language else found, as_json=format_ == TableFormat.json)


def _bank_of(file: str | None, home: Path, config: Path) -> "Bank":
    """The bank that is named, or else the one that the configuration asks, in its first language."""
    from pipelines.survey.bank import asked, named  # noqa: PLC0415 - heavy

    if file is not None:
        return named(file, Path())
    from pipelines.config import load  # noqa: PLC0415 - heavy

    settings = load(config).survey
    found = asked(settings.bank, settings.modules, home)
    in_each_language = [found.translated(language) for language in settings.languages]
    return in_each_language[0]


@survey.command()
def plan(
    context: typer.Context,
    first: Annotated[str | None, typer.Option("--from", help="The first quarter, such as 2026-Q3.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Freeze it. Without it the plan is only shown.")] = False,
    new_year: Annotated[
        bool, typer.Option("--new-year", help="Plan anew within a year: every unit's series starts again.")
    ] = False,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to answer.")] = TableFormat.table,
) -> None:
    """Put everybody into one unit for a year of surveys, show what will be published, and announce it."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.plan_text import EARLY_YEAR, print_plan  # noqa: PLC0415 - heavy
    from pipelines.survey.year import Wish, plan_year  # noqa: PLC0415 - heavy

    wish, configuration = Wish(_quarter(first), is_new_year=new_year, is_frozen=yes), load(context.obj.config)
    shown = plan_year(configuration, context.obj.home, wish, datetime.now(UTC))
    print_plan(shown, as_json=format_ == TableFormat.json)
    if new_year:
        typer.echo(EARLY_YEAR, err=True)
    if not yes:
        again = "Run it again with --yes: then it ends with the announcement."
        typer.echo(f"Nothing is frozen yet. {again}", err=True)
        return
    if new_year:
        typer.echo("Frozen. The series of every unit start again; departments keep theirs.", err=True)
    if format_ == TableFormat.json:
        typer.echo("Frozen. `outcomes survey announce` prints the text to send.", err=True)
    else:
        _announce_plan(configuration, context.obj.home)


def _announce_plan(configuration: "Configuration", home: "Home") -> None:
    """The text to send before the next survey; the plan is frozen also where there is none yet."""
    from pipelines.survey.announcement import AnnouncementError  # noqa: PLC0415 - heavy
    from pipelines.survey.calendar import CalendarError  # noqa: PLC0415 - used here alone
    from pipelines.survey.planning import PlanError  # noqa: PLC0415 - heavy

    try:
        _print_announcement(configuration, home)
    except (AnnouncementError, CalendarError, PlanError) as missing:
        typer.echo(f"Frozen, but not announced. {missing}, then run `outcomes survey announce`.", err=True)


def _print_announcement(
    configuration: "Configuration",
    home: "Home",
    opens_on: date | None = None,
    days: int = 10,
    asker: str | None = None,
    languages: list[str] | None = None,
) -> None:
    """The text in each language on stdout, and notes for its sender on stderr."""
    from pipelines.survey.announcement import TO_THE_SENDER, announcement  # noqa: PLC0415 - heavy
    from pipelines.survey.year import announced  # noqa: PLC0415 - heavy

    facts = announced(configuration, home, opens_on, days, asker)
    texts = [announcement(facts, one) for one in languages or configuration.survey.languages]
    typer.echo("\n----\n\n".join(texts))
    typer.echo(TO_THE_SENDER, err=True)


@survey.command()
def announce(
    context: typer.Context,
    opens: Annotated[str | None, typer.Option(help="The day on which it opens; else as planned.")] = None,
    days: Annotated[int, typer.Option(min=1, max=28, help="For how many days it is open.")] = 10,
    asker: Annotated[
        str | None, typer.Option("--by", help="Who asks and answers questions; else the organisation.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="In this language (repeatable); else as configured.")
    ] = None,
) -> None:
    """Print the text to send before people answer. Notes for the sender are on stderr."""
    from pipelines.config import load  # noqa: PLC0415 - heavy

    configuration, opens_on = load(context.obj.config), day(opens, "--opens")
    _print_announcement(configuration, context.obj.home, opens_on, days, asker, language)


@survey.command()
def status(context: typer.Context) -> None:
    """Say how the latest survey stands, and how many have answered: of all together, in tens."""
    from pipelines.survey.year import told_status  # noqa: PLC0415 - heavy

    typer.echo(told_status(context.obj.home, datetime.now(UTC)))


@survey.command()
def comments(
    context: typer.Context,
    wave: Annotated[str | None, typer.Option(help="Of this survey, such as 2026-Q3.")] = None,
    of: Annotated[str | None, typer.Option(help="Of this group, such as department:market.")] = None,
    release: Annotated[list[int] | None, typer.Option(help="Let this one be shown (repeatable).")] = None,
    drop: Annotated[list[int] | None, typer.Option(help="Delete this one for good (repeatable).")] = None,
    reader_department: Annotated[
        str | None,
        typer.Option(help="Of which department you are, or outside. Needed to read, release or drop any."),
    ] = None,
) -> None:
    """For a reader of another department: read comments, and release them or drop them."""
    from connectors.comments import FILE  # noqa: PLC0415 - used here alone
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.comments import FOR_THE_READER, Reader, decided, told  # noqa: PLC0415 - heavy

    configuration, path = load(context.obj.config), context.obj.home.path / FILE
    reader = Reader.of(configuration, reader_department) if reader_department else None
    lines = decided(path, release or [], drop or [], reader) or told(path, wave, of, reader)
    typer.echo("\n".join(lines))
    typer.echo(FOR_THE_READER, err=True)


class Template(StrEnum):
    """The forms for which there is a mapping to fill in."""

    google_forms = "google-forms"
    microsoft_forms = "microsoft-forms"


@survey.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The answers: a .csv or .xlsx file.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="What its columns and labels mean.")] = None,
    wave: Annotated[str | None, typer.Option(help="Which wave it was, such as 2026-Q3.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Say what would be imported, by counts.")] = False,
    template: Annotated[Template | None, typer.Option(help="Print a mapping to fill in.")] = None,
    bank: Annotated[
        str, typer.Option(help="What the template asks: a shipped bank or a file.")
    ] = "quarterly",
    language: Annotated[str | None, typer.Option(help="The template's language, such as de.")] = None,
) -> None:
    """Import a survey that was held elsewhere."""
    if template is not None:
        from pipelines.survey.bank import named  # noqa: PLC0415 - heavy
        from pipelines.survey.importing.templates import template as filled  # noqa: PLC0415 - heavy

        found = named(bank, Path())
        asked = found.translated(language) if language else found
        typer.echo(filled(template.value, asked, bank), nl=False)
        return
    if file is None or mapping is None or wave is None:
        what = "a file, --mapping and --wave are needed"
        fix = "Or print a mapping to fill in with --template google-forms"
        raise CommandError(f"survey import: {what}. {fix}", USAGE)
    from pipelines.survey.importing.command import import_survey  # noqa: PLC0415 - heavy

    import_survey(file, mapping, wave, context.obj.config, context.obj.home, is_check=check)


KeyFile = Annotated[
    Path,
    typer.Option(
        help="The key that opens the ballots: outside the home folder, and not where its backups go.",
        dir_okay=False,
    ),
]


@survey.command("open")
def open_(
    context: typer.Context,
    key_file: KeyFile,
    pulse: Annotated[
        bool, typer.Option("--pulse", help="The short survey between two quarterly ones.")
    ] = False,
    module: Annotated[
        str | None,
        typer.Option(
            "--module", help="A module that is asked apart: onboarding, one_to_one, meeting, a file."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=28, help="For how many days it is open.")] = 10,
) -> None:
    """Open a survey: freeze who is asked, and write the key that opens its ballots."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.asking import open_wave  # noqa: PLC0415 - heavy
    from pipelines.survey.wave_text import print_opened  # noqa: PLC0415 - heavy

    configuration, now = load(context.obj.config), datetime.now(UTC)
    if pulse and module:
        raise CommandError(
            "survey open: --pulse and --module are two surveys. Open one after the other", USAGE
        )
    kind: Kind = "module" if module else "pulse" if pulse else "quarterly"
    print_opened(open_wave(configuration, context.obj.home, key_file, now, kind, days, module), key_file)


@survey.command()
def codes(
    context: typer.Context,
    sheets: Annotated[
        Path | None, typer.Option(help="Write printable slips here (HTML): nobody knows whose is whose.")
    ] = None,
    mail_merge: Annotated[
        Path | None, typer.Option(help="Write a table for a mail merge here (CSV), with a code per person.")
    ] = None,
) -> None:
    """Make the one-time codes of the open survey, once. Only their hashes are kept here."""
    from connectors.ballots.sheets import MAIL_MERGE_GUARANTEE, PRINTED_GUARANTEE  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.wave_codes import make_codes  # noqa: PLC0415 - heavy

    out = sheets or mail_merge
    if out is None or (sheets and mail_merge):
        raise CommandError("survey codes: name either --sheets or --mail-merge", USAGE)
    is_mail_merge = mail_merge is not None
    made = make_codes(
        load(context.obj.config), context.obj.home, out, datetime.now(UTC), is_mail_merge=is_mail_merge
    )
    typer.echo(f"{out} written, with {made.codes} codes.")
    if made.without_address:
        typer.echo(
            f"{made.without_address} of {made.codes} people have no address in the roster, so no mail "
            "reaches them: print the rows without `email`, and give each person theirs on paper."
        )
    typer.echo(MAIL_MERGE_GUARANTEE if is_mail_merge else PRINTED_GUARANTEE)


@survey.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="And the port.")] = 8503,
) -> None:
    """Serve the page on which people answer, until Ctrl-C. It is the ballot box's own door."""
    from connectors import door_server  # noqa: PLC0415 - heavy
    from connectors.ballots.box import Box  # noqa: PLC0415 - heavy
    from connectors.ballots.door import create_door  # noqa: PLC0415 - heavy
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.serve import require_free_port  # noqa: PLC0415 - heavy
    from pipelines.survey.held import BALLOTS  # noqa: PLC0415 - heavy

    load(context.obj.config)  # for its floor: a lower one than the code's is refused before anybody answers
    require_free_port("--port", port, host)
    context.obj.home.create()
    typer.echo(f"People answer at http://{host}:{port}. Put a proxy with TLS and no access log before it.")
    door = create_door(Box(context.obj.home.path / BALLOTS))
    door_server.serve(door, host, port, MOST_CONNECTIONS)


@survey.command()
def close(context: typer.Context) -> None:
    """Close the open survey: no more answers are taken."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.asking import close_wave  # noqa: PLC0415 - heavy

    load(context.obj.config)  # for its floor, as in `serve`
    wave = close_wave(context.obj.home, datetime.now(UTC))
    typer.echo(f"{wave} is closed. Run `outcomes survey publish` with its key.")


@survey.command()
def publish(context: typer.Context, key_file: KeyFile) -> None:
    """Publish the closed survey, once, and destroy its answers. Nobody sees a number before."""
    from pipelines.config import load  # noqa: PLC0415 - heavy
    from pipelines.survey.publishing import publish_wave  # noqa: PLC0415 - heavy
    from pipelines.survey.wave_text import print_published  # noqa: PLC0415 - heavy

    done = publish_wave(load(context.obj.config), context.obj.home, key_file, datetime.now(UTC))
    print_published(done)


@survey.command()
def discard(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Destroy the answers. They cannot be had back.")] = False,
) -> None:
    """Give up a survey whose key or box was lost: destroy its answers unread, and publish nothing of it."""
    from pipelines.survey.asking import discard_wave  # noqa: PLC0415 - heavy

    wave = discard_wave(context.obj.home, datetime.now(UTC), is_sure=yes)
    typer.echo(f"{wave} is discarded: its answers are destroyed unread. Remove the file of its key.")


def _quarter(text: str | None) -> "Quarter | None":
    from pipelines.survey.calendar import CalendarError, read_quarter  # noqa: PLC0415 - used here alone

    try:
        return read_quarter(text) if text else None
    except CalendarError as wrong:
        raise CommandError(f"--from {wrong}", USAGE) from None
