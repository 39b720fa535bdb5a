"""Which comments of a survey are kept, and how their reader sees them.

Counts alone decide: the comments of a group with ten or more stand under it, those of all smaller groups
together under the organisation if they are ten, and no others are kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from connectors import comments as store
from connectors.comments import LEAST_COMMENTS, Comment
from pipelines.cli_errors import USAGE, CommandError
from pipelines.config_model import Configuration
from pipelines.privacy.units import Partition
from pipelines.survey.roster import ORGANISATION

FOR_THE_READER = (
    "The reader of these must be of another department than those who wrote them, and tells nobody what is "
    "not released. Drop what names somebody, or what only one person can have written."
)

_WHOSE = "name your department with --reader-department, or `outside` if it is none that was asked"


def parents_of(partition: Partition) -> dict[str, str]:
    """Per planned unit the group under which it was published; units that were left out are missing."""
    return {part: unit.parent for unit in partition.units for part in unit.parts}


def by_group(
    partition_parents: Mapping[str, str], comments: Iterable[tuple[str, str]]
) -> dict[str, list[str]]:
    """The comments that may be kept, each under one group.

    Args:
        partition_parents: see `parents_of`.
        comments: the unit of a ballot (of planned units, joined by `+`) and what it said. Those of units
            that were not published are left out, as their answers are.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for unit, text in comments:
        parent = partition_parents.get(unit.split("+")[0])
        if parent is not None:
            found[parent].append(text)
    large = {group: texts for group, texts in found.items() if len(texts) >= LEAST_COMMENTS}
    rest = [text for group, texts in found.items() if group not in large for text in texts]
    everywhere = [*large.pop(ORGANISATION, []), *rest]
    return large | ({ORGANISATION: everywhere} if len(everywhere) >= LEAST_COMMENTS else {})


def keep_comments(
    path: Path,
    wave_id: str,
    partition_parents: Mapping[str, str],
    comments: Iterable[tuple[str, str]],
    today: date,
) -> int:
    """Keep what may be kept of a wave's comments, forget what is two quarters old; how many are kept.

    To be called before the answers are destroyed; calling it again replaces what it kept of the wave.
    """
    kept = by_group(partition_parents, comments)
    store.add(path, wave_id, kept, today)
    return sum(map(len, kept.values()))


# ---- what their reader sees --------------------------------------------------------------------


OUTSIDE = "outside"
"""The department of a reader who is of none that the survey asked."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads comments: nobody but themselves can say of which department they are."""

    department: str
    parents: Mapping[str, str | None]
    """Every department with the one that it is a part of."""
    homes: Mapping[str, str] = field(default_factory=dict)
    """Every team with the department that it is right below."""

    @classmethod
    def of(cls, configuration: Configuration, department: str) -> "Reader":
        """The reader of a department. Raises `CommandError` where there is none of this name."""
        parents = {one.id: one.parent for one in configuration.departments}
        if department not in parents and department != OUTSIDE:
            raise CommandError(
                f"--reader-department {department[:30]}: is no department. Name one of the configuration, or "
                f"{OUTSIDE} for a reader who is of none that was asked",
                USAGE,
            )
        return cls(
            department, parents, {one.id: one.department or ORGANISATION for one in configuration.teams}
        )

    def refuse(self, group: str) -> None:
        """Raise `CommandError` where a group is the reader's department, above it, or below it."""
        writers = [self._department_of(part) for part in group.split("+")]
        above = {ORGANISATION, *self._with_above(self.department)}
        is_below = any(self.department in self._with_above(one) for one in writers)
        if self.department == OUTSIDE or not (above.intersection(writers) or is_below):
            return
        raise CommandError(
            f"--reader-department {self.department}: those of {group} wrote these, and they are read in a "
            f"department that is neither theirs nor above nor below it, or by somebody from {OUTSIDE}",
            USAGE,
        )

    def _department_of(self, part: str) -> str:
        """A group may have taken up a unit of what is above it, such as the direct reports of its head."""
        kind, _, name = part.rpartition(":")
        return self.homes.get(name, ORGANISATION) if kind == "team" else name

    def _with_above(self, department: str) -> list[str]:
        """A department and all that it is a part of."""
        found, above = [department], self.parents.get(department)
        while above is not None:
            found.append(above)
            above = self.parents.get(above)
        return found


def decided(path: Path, release: Sequence[int], drop: Sequence[int], reader: Reader | None) -> list[str]:
    """Release and drop comments by number; one line each.

    Raises:
        CommandError: a number is unknown, or named for both, or its reader may not read it; nothing is
            changed then.
    """
    if not release and not drop:
        return []
    if reader is None:
        raise CommandError(f"survey comments: {_WHOSE}", USAGE)
    both = set(release) & set(drop)
    known = {
        comment.number: one.group
        for one in store.groups(path)
        for comment in store.to_read(path, one.wave, one.group)
    }
    wrong = sorted(both or {*release, *drop} - known.keys())
    if wrong:
        why = "is named for both" if both else "is none of the comments that are kept"
        raise CommandError(f"survey comments: {wrong[0]} {why}. Run it without a number to see them", USAGE)
    for number in {*release, *drop}:
        reader.refuse(known[number])
    for number in release:
        store.decide(path, number, is_released=True, reader=reader.department)
    for number in drop:
        store.decide(path, number, is_released=False, reader=reader.department)
    return [f"{number} released" for number in release] + [f"{number} dropped for good" for number in drop]


def told(path: Path, wave: str | None, group: str | None, reader: Reader | None) -> list[str]:
    """The comments of one group, for its reader; of several groups or without a reader, which there are.

    Raises:
        CommandError: nothing is kept of what was asked for, or its reader may not read it.
    """
    everything = store.groups(path)
    if not everything:
        return ["No comments are kept."]
    asked = [one for one in everything if wave in {None, one.wave} and group in {None, one.group}]
    if not asked:
        raise CommandError(
            "survey comments: none are kept of that survey and group. Without options it says which are",
            USAGE,
        )
    if len(asked) > 1 or reader is None:
        each = [f"--wave {one.wave} --of {one.group}: {one.waiting} of {one.kept} wait" for one in asked]
        return ["One group at a time, please:" if reader else f"To read them: {_WHOSE}", *each]
    one = asked[0]
    reader.refuse(one.group)
    lines = [f"{one.wave}, {one.group}: {one.waiting} of {one.kept} wait, in no order"]
    lines += [_line(comment) for comment in store.to_read(path, one.wave, one.group)]
    then = f"outcomes survey comments --reader-department {reader.department} --release NUMBER"
    return [*lines, f"Then: {then}, or --drop NUMBER"]


def _line(comment: Comment) -> str:
    """One comment on one line; no sign of it can steer a terminal."""
    text = "".join(sign if sign.isprintable() else " " for sign in comment.text)
    return f"  {comment.number}{' (released)' if comment.is_released else ''}: {text}"
