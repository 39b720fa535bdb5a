"""The rules as they stand, and what they match: what every number rests on before it is counted."""

import polars as pl

from dashboard import components, layout, rules_shown, snapshot, snapshot_settings, words
from dashboard.components import Column, chip, section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot

UNSAID = "written in full, so not shown here"


def page(shown: Snapshot) -> None:
    """Draw the page."""
    run, rule = snapshot.run(shown.path), snapshot_settings.rule(shown.path)
    if not rule:
        layout.opening("Settings", "The published snapshot does not hold the rules that made it.")
        layout.meta(shown, [f"<b>{text(run.organisation)}</b>"])
        why = f"It was made by version {run.version}. The next run adds them."
        show(components.state("Rules", "clock", "Made by an older version", text(why), height=120))
        return
    statuses, matches = snapshot_settings.statuses(shown.path), snapshot_settings.matches(shown.path)
    unmapped = statuses.filter(means="unknown").height
    idle = matches.filter(items=0).height
    layout.opening("Settings", rules_shown.lede(unmapped, idle))
    layout.meta(shown, [f"<b>{text(run.organisation)}</b>"])
    section(
        "As they stand", "Rules are changed in outcomes.toml; outcomes build counts anew without fetching."
    )
    rows = "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in rules_shown.facts(rule).items())
    show(f'<dl class="eo-facts">{rows}</dl>')
    _statuses(statuses)
    _production(shown, matches)
    _words(matches)
    _hours(shown)


def _statuses(rows: pl.DataFrame) -> None:
    section(
        "Statuses",
        "What each status of a work item means here, those without a meaning first. Counts are in tens.",
    )
    if rows.is_empty():
        show(components.state("", "none", "No data", "No source has told of a status yet."))
        return
    lines = [
        [
            text(row["name"] or "no name"),
            chip("stop", "No meaning", "bad")
            if row["means"] == "unknown"
            else text(rules_shown.MEANS[row["means"]]),
            text(_said_by(row["means"], is_configured=row["is_configured"])),
            text(row["source"]),
            rules_shown.tens(row["items"]),
        ]
        for row in rows.iter_rows(named=True)
    ]
    columns = [Column("Status"), Column("Means"), Column("Said by"), Column("Source")]
    columns.append(Column("Items in it now", is_number=True, short="Items"))
    show(components.table("Statuses", columns, lines, phone="brief"))


def _said_by(means: str, *, is_configured: bool) -> str:
    if is_configured:
        return "the configuration"
    return "nobody: add it to [[status]]" if means == "unknown" else "the source's own category"


def _production(shown: Snapshot, matches: pl.DataFrame) -> None:
    patterns = sorted(matches.filter(rule="production_environments")["value"])
    said = (
        f"Environments whose name matches {words.listed(patterns)} count."
        if patterns
        else "No pattern is set."
    )
    section("Production", f"{said} A service may say so by itself.")
    rows = snapshot_settings.environments(shown.path)
    if rows.is_empty():
        show(components.state("", "none", "No data", "No deployment has named an environment yet."))
    else:
        lines = [
            [
                text(row["name"] or words.plural(row["names"], "other name")),
                chip("tick", "Production") if row["is_production"] else text("not production"),
                text(row["source"]),
                rules_shown.tens(row["deployments"]),
            ]
            for row in rows.iter_rows(named=True)
        ]
        columns = [Column("Environment"), Column("Counts as"), Column("Source")]
        columns.append(Column("Deployments", is_number=True))
        show(components.table("Environments", columns, lines, phone="brief"))
    services = snapshot_settings.service_rules(shown.path)
    names = dict(snapshot.services(shown.path).select("service", "name").iter_rows())
    lines = [
        [
            text(names.get(row["service"], row["service"])),
            text(rules_shown.ORIGINS.get(row["deployments_from"], row["deployments_from"])),
            f"<code>{text(row['deployments_match'])}</code>"
            if row["deployments_match"]
            else "whatever is production",
            "yes" if row["is_recognised"] else chip("none", "None recognised"),
        ]
        for row in services.iter_rows(named=True)
    ]
    columns = [Column("Service"), Column("Deployments from"), Column("Whose name matches")]
    columns.append(Column("Recognised"))
    show(components.table("Deployments by service", columns, lines, phone="brief"))


def _words(matches: pl.DataFrame) -> None:
    section(
        "Words and patterns",
        "Each with what it matches of all that was read, in tens. * stands for anything.",
    )
    lines: list[list[str]] = []
    for key, (title, meaning) in rules_shown.RULES.items():
        rows = matches.filter(rule=key)
        lines.append([text(f"{title}: {meaning[:1].lower()}{meaning[1:]}")])
        if rows.is_empty():
            lines.append([text("nothing is set"), "", ""])
        for row in rows.iter_rows(named=True):
            value = f"<code>{text(_written(row['value']))}</code>" if row["value"] else text(UNSAID)
            count = rules_shown.matched(row["items"], row["looked_at"], row["thing"])
            lines.append([value, text(count), chip("none", "Matches nothing") if row["items"] == 0 else ""])
    columns = [Column("Word or pattern"), Column("Matches"), Column("Note")]
    show(components.table("Words and patterns of the rules", columns, lines, phone="brief"))


def _written(pattern: str) -> str:
    """A pattern as people write it: a bracket that stands for itself is one."""
    return pattern.replace("[[]", "[")


def _hours(shown: Snapshot) -> None:
    section("Agreed hours", "When it was agreed to deploy. Deployments at other times are counted as such.")
    found = rules_shown.hours(snapshot_settings.agreed_hours(shown.path))
    if not found:
        nothing = "No hours were agreed on, so no deployment is outside of them."
        show(components.state("", "none", "None agreed", nothing))
        return
    names = dict(snapshot.services(shown.path).select("service", "name").iter_rows())
    lines = [
        [text(hours), text(words.listed(sorted(names.get(one, one) for one in services)))]
        for hours, services in found
    ]
    show(components.table("Agreed hours", [Column("Hours"), Column("Services")], lines))
