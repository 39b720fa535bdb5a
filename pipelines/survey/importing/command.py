"""What `outcomes survey import` does: reads a survey that was held elsewhere, and tells or publishes it."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from pipelines.cli_errors import USAGE, CommandError
from pipelines.config import load
from pipelines.config_model import K_FLOOR, Configuration
from pipelines.explain_layout import QUIET, page, print_sentence, print_table
from pipelines.home import Home
from pipelines.survey.importing.publishing import publish_imported, refuse_unfit
from pipelines.survey.importing.reading import ELSEWHERE, Imported, read_survey
from pipelines.survey.wave_text import print_published
from pipelines.survey.waves import in_tens

_WORDS = ("six", "seven", "eight", "nine", "ten")
"""From the floor on."""


def import_survey(file: Path, mapping: Path, wave: str, config: Path, home: Home, *, is_check: bool) -> None:
    """Read a survey and publish it as a wave, or with `is_check` say what would be.

    Raises:
        SurveyImportError: the file cannot be taken, and nothing of it is.
        BankError: the mapping or its bank cannot be used.
        WaveError: there is such a wave already, or its name does not fit.
        AuditError: what would be shown could tell of fewer people than it may.
    """
    if not re.fullmatch(r"[0-9]{4}-Q[1-4](-[a-z0-9_]+)*", wave):
        raise CommandError("--wave: is no wave. Write it as 2026-Q3, or 2026-Q3-pulse-11", USAGE)
    configuration = load(config)
    imported = read_survey(file, mapping, configuration)
    if is_check:
        refuse_unfit(configuration, home, wave, imported, datetime.now(UTC))
        _print_check(imported, wave, configuration)
        return
    print_published(publish_imported(configuration, home, wave, imported, datetime.now(UTC)))


def _print_check(imported: Imported, wave: str, configuration: Configuration) -> None:
    """What would be imported, by counts. A small unit's is not told, an empty one looks the same."""
    k = configuration.privacy.k
    names = {f"team:{team.id}": team.name for team in configuration.teams}
    counts = Counter(response.unit for response in imported.responses)
    units = sorted({*names, *counts, *(imported.members or {})})
    rows = [
        (
            unit,
            names.get(unit, ""),
            told(counts[unit], k),
            str((imported.members or {}).get(unit, "not known")),
        )
        for unit in units
    ]
    with page() as console:
        print_sentence(console, f"{wave}: {imported.bank.title}, {ELSEWHERE}", "bold")
        print_sentence(console, "All of it can be taken. Nothing was written.")
        print_table(console, ("unit", "name", "answers", "members"), rows)
        if imported.replaced:
            again = (
                f"Rows that do not count, since the same person answered further down: {imported.replaced}"
            )
            print_sentence(console, again)
        kept = f"kept: {in_tens(len(imported.comments))}" if imported.comments else "none are kept"
        print_sentence(console, f"Comments: {kept}", QUIET)


def told(count: int, k: int) -> str:
    """A unit's answers as they may be told: from `k` on as a number."""
    if count >= k:
        return str(count)
    place = k - K_FLOOR
    return f"fewer than {_WORDS[place] if place < len(_WORDS) else k}"
