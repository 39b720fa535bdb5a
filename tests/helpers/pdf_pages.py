"""On which pages of the PDF its parts stand, asked of typst."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import typst

from dashboard.health.document import HealthCheck
from dashboard.report import pdf, svg
from dashboard.report.weekly import Chart

ASKED = """(
  begins: query(<first-page-begins>).map(one => one.location().page()),
  ends: query(<first-page-ends>).map(one => one.location().page()),
  sections: query(heading.where(level: 2)).map(one => (repr(one.body), one.location().page())),
)"""


@dataclass(frozen=True)
class Pages:
    """The pages on which each scope's first page begins and ends, and those of each section."""

    begins: list[int]
    ends: list[int]
    sections: list[tuple[str, int]]

    def of(self, title: str) -> list[int]:
        """The pages on which a section is headed so."""
        return [page for said, page in self.sections if f"[{title}]" in said]


def pages(
    checks: Sequence[HealthCheck], charts: Mapping[str, Sequence[Chart]], brief: Collection[str] = ()
) -> Pages:
    """Where what `pdf.render` makes of the same stands."""
    told = {"document": pdf.document(checks, charts, brief)}
    compiler = typst.Compiler(pdf.TEMPLATE, font_paths=[svg.FONTS], ignore_system_fonts=True, sys_inputs=told)
    return Pages(**json.loads(compiler.eval(ASKED)))
