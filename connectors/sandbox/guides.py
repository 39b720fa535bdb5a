"""The runbooks of the fictional organisation: Markdown files, read as they are now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ADDRESS = "https://docs.alder.example/runbooks"
SECTIONS = ("Patterns", "Anti-patterns", "Upgrade paths")


@dataclass(frozen=True, slots=True)
class Guide:
    """One row per service with a runbook."""

    reviewed: date
    sections: tuple[str, ...] = SECTIONS
    link: str = "#patterns"
    """A link in it; of those that lead to a heading none is broken."""


GUIDES: Mapping[str, Guide] = {
    "basket-api": Guide(date(2026, 9, 14)),
    "catalogue-search": Guide(date(2025, 11, 20)),
    "checkout-web": Guide(date(2026, 10, 5)),
    "harbour-booking": Guide(date(2026, 8, 3)),
    "harbour-rates": Guide(date(2026, 8, 3)),
    "payments": Guide(date(2026, 6, 22), link="../retired/payments.md"),
    "routing-engine": Guide(date(2026, 7, 27)),
    "sign-in": Guide(date(2026, 9, 1), SECTIONS[:2]),
    "tracking-web": Guide(date(2026, 5, 6)),
}
"""That of the catalogue's search is old, payments' has a broken link, sign-in's lacks a section; three
services have none. 6 May is 180 days before the last day."""


def write_runbooks(folder: Path) -> None:
    """Write the runbooks into a folder, one below the name of each service."""
    for service, guide in GUIDES.items():
        (folder / service).mkdir(parents=True, exist_ok=True)
        (folder / service / "runbook.md").write_text(_text(service, guide), encoding="utf-8")


def _text(service: str, guide: Guide) -> str:
    head = f"---\nservice: {service}\nreviewed: {guide.reviewed}\n---\n\n# {service}\n"
    bodies = (f"\n## {name}\n\nWhat we know of it, in a few words.\n" for name in guide.sections)
    return f"{head}{''.join(bodies)}\nSee also [what came before]({guide.link}).\n"
