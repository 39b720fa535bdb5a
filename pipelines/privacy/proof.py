"""The two audits over everything that a publication shows, and what is withheld so that they hold."""

from dataclasses import replace

from pipelines.privacy.cells import Cell
from pipelines.privacy.publication import AuditError, Publication
from pipelines.privacy.range_audit import audit_ranges
from pipelines.privacy.rank_audit import audit_ranks
from pipelines.privacy.scores import Form
from pipelines.privacy.wave_rows import WaveRows, rows_of
from pipelines.privacy.weakening import weaken


def proven(publication: Publication, form: Form, k: int) -> Publication:
    """The publication, with the exact details of groups withheld that would narrow a unit's band too far.

    What is returned was audited as it stands: nothing that can be formed of it rests on fewer than `k`
    people, and every band leaves at least three totals.

    Raises:
        AuditError: an audit fails; names what would tell too much, never an answer or a total.
    """
    rows = rows_of(publication, form)
    _demand_ranks(rows, k)
    exact = {row.name: _scope(row.name) for row in rows.bounded if not row.is_band}
    details = {**exact, **{one.name: _scope(one.name) for one in rows.histograms}}
    left = weaken(rows.atoms, rows.totals, rows.bounded, rows.histograms, details, (1, rows.points))
    if not left.withheld:
        _demand_ranges(rows)
        return publication
    if len(form.dimensions()) == 1:
        raise AuditError("a survey of one dimension: withholding a group would tell of its units")
    kept = replace(
        publication,
        cells=tuple(_withheld(cell) if cell.scope in left.withheld else cell for cell in publication.cells),
    )
    rows = rows_of(kept, form)
    _demand_ranks(rows, k)
    _demand_ranges(rows)
    return kept


def _scope(name: str) -> str:
    """Whose row it is: names begin with the group's id, in which there is no space."""
    return name.split(" ", 1)[0]


def _withheld(cell: Cell) -> Cell:
    """A group's cell without what is exact in it; what is shown in a band stays."""
    if cell.value is None or cell.label is not None:
        return cell
    return replace(cell, value=None, n=None, of=None, withheld_reason="would_tell_a_team")


def _demand_ranks(rows: WaveRows, k: int) -> None:
    found = audit_ranks(rows.atoms, rows.rows, k)
    if not found.holds:
        what = "; ".join(map(str, found.leaks)) or "a combination could not be decided"
        raise AuditError(f"fewer than {k} people could be told apart: {what}")


def _demand_ranges(rows: WaveRows) -> None:
    found = audit_ranges(rows.atoms, rows.totals, rows.bounded, rows.histograms, (1, rows.points))
    if not found.holds:
        what = "; ".join(map(str, found.narrow))
        raise AuditError(f"a band leaves too few totals: {what}")
