"""The command that erases a person. Heavy imports stand inside it, as in the other commands."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli_errors import USAGE, CommandError

if TYPE_CHECKING:
    from pipelines.erased import Person
    from pipelines.erasure import Touched

ELSEWHERE = (
    "published snapshots: they hold no persons, nothing is to be done",
    "the sources themselves, files in inbox/, and backups: yours to change. A run leaves out what it is told",
    "tags, names of repositories, teams and services, addresses of pages: keys, in which a name stays",
    "clones in git/: removed with --yes. With history = 'git' the next run clones anew, authors and all",
    "computed tables and the sizes of teams: `outcomes build` computes them anew, all other numbers stay",
)


def erase(
    context: typer.Context,
    account: Annotated[
        str, typer.Argument(help="A login, account id, address or key of your own list; or source:login.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it only the counts are shown.")] = False,
) -> None:
    """Erase a person from the warehouse: accounts, memberships, authorship and names in texts."""
    from pipelines.erased import Erased  # noqa: PLC0415 - heavy
    from pipelines.erasure import Touched, erase_person  # noqa: PLC0415 - heavy
    from pipelines.erasure_files import remove_clones, rewrite  # noqa: PLC0415 - heavy
    from pipelines.erasure_journal import erase_in_journal  # noqa: PLC0415 - heavy
    from pipelines.erasure_person import UnknownPersonError, find_person, was_erased  # noqa: PLC0415 - heavy
    from pipelines.home import only_run  # noqa: PLC0415 - used here alone
    from pipelines.warehouse import Warehouse  # noqa: PLC0415 - heavy

    home = context.obj.home
    if not home.warehouse.exists():
        raise CommandError(f"{home.warehouse}: nothing has been fetched yet, so nobody is known")
    with only_run(home):
        warehouse = Warehouse(home.warehouse)
        try:
            person: Person | None
            person = find_person(warehouse.con, account)
            touched = erase_person(warehouse.con, person, is_trial=not yes)
            erased = Erased.of(person)
        except UnknownPersonError as unknown:
            if not was_erased(warehouse.con, account):
                raise CommandError(str(unknown), USAGE) from None
            person, erased = None, Erased.load(warehouse.con)
        finally:
            warehouse.close()
        if yes:
            rewrite(home.warehouse)
            remove_clones(home)
        written = erase_in_journal(home, erased, is_trial=not yes)
    if person is None:
        typer.echo(f"Erased before{'; the file has been written anew' if yes else ''}.")
        return
    touched += [Touched("texts of the journal", 0, written)] * bool(written)
    _report(person, touched, is_erased=yes)
    for place in (*_members(context, person), *ELSEWHERE):
        typer.echo(f"- {place}")
    if not yes:
        typer.echo("Nothing has been changed. Run it again with --yes to erase.")


def _report(person: "Person", touched: "list[Touched]", *, is_erased: bool) -> None:
    sources = sorted({one.source for one in person.accounts})
    where = f" in {', '.join(sources)}" if sources else ""
    verb = "Erased" if is_erased else "To be erased"
    typer.echo(f"{verb}: a person with {len(person.accounts)} accounts{where}")
    for one in touched:
        counts = [f"{one.removed:,} removed"] * bool(one.removed)
        counts += [f"{one.changed:,} made nobody's"] * bool(one.changed)
        typer.echo(f"  {one.table:<22} {', '.join(counts)}")
    ordinary = sum(one.ordinary for one in touched)
    if ordinary:
        rows = "1 row has" if ordinary == 1 else f"{ordinary:,} rows have"
        typer.echo(
            "A name of this person is an ordinary word as well. It goes out of texts wherever it stands: "
            f"{rows} it. Labels, branches and environments keep it"
        )
    typer.echo("And elsewhere:")


def _members(context: typer.Context, person: "Person") -> list[str]:
    """Where the configuration names the person, if it can be read."""
    from pipelines.config import ConfigurationError, load  # noqa: PLC0415 - heavy
    from pipelines.erasure_person import is_named  # noqa: PLC0415 - heavy

    try:
        teams = load(context.obj.config).teams
    except ConfigurationError:
        return [f"{context.obj.config} cannot be read: look yourself whether it names the person"]
    named = [team.id for team in teams if any(is_named(member.account, person) for member in team.members)]
    return [f"{context.obj.config}: remove the person from the members of {', '.join(named)}"] * bool(named)
