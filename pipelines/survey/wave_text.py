"""What the commands say of a wave that was opened or published."""

from pathlib import Path

import typer

from pipelines.survey.asking import Opened
from pipelines.survey.publishing import Done


def print_opened(opened: Opened, key_file: Path) -> None:
    """Who is asked until when, and what becomes of those who joined, left or moved since the plan."""
    roster = opened.roster
    typer.echo(
        f"{opened.wave_id} is open until {opened.closes_at:%Y-%m-%d %H:%M} UTC for {len(roster.members)} "
        f"people in {len(roster.partition.units)} units."
    )
    if roster.moved or roster.left:
        typer.echo(
            f"{roster.moved} of them are in another team by now and answer for the unit they were planned "
            f"in; {roster.left} of the plan have left. What changes from now on changes nothing of this wave."
        )
    if roster.not_asked:
        typer.echo(
            f"Not asked this time, since too few have come since the last survey: {len(roster.not_asked)}. "
            "Tell them: their answers could be told apart."
        )
    for item, wave in opened.left_out.items():
        typer.echo(f"{item} is not asked: {wave} asks it within 60 days.")
    for module, wave in opened.not_this_year.items():
        typer.echo(f"{module} is not asked: it is asked once a year, and {wave} asked it.")
    if opened.note:
        typer.echo(opened.note)
    typer.echo(
        f"{key_file} opens the ballots: keep it where neither the home folder's processes nor its backups "
        "reach. Without it nobody can publish this survey."
    )
    typer.echo("Next: `outcomes survey codes`, then `outcomes survey serve`.")


def print_published(done: Done) -> None:
    """What was published, and what to do for people to see it."""
    if not done.is_new:
        typer.echo(f"{done.wave_id} was published before; what was left of its answers is destroyed now.")
        return
    answers = (
        "Delete the file, and the answers where they were collected."
        if done.is_imported
        else "Its answers, codes and key are destroyed."
    )
    typer.echo(
        f"{done.wave_id} is published: {done.shown} numbers shown, {done.withheld} withheld. Both audits "
        f"hold. {answers}"
    )
    typer.echo("The next run, or `outcomes build`, puts it on the pages.")
