"""Work items that pull requests name: most do in their branch or their title, some do not."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from connectors.sandbox.changes import DEPENDENCY_BOT, Branch
from connectors.sandbox.github_world import PullRequest
from connectors.sandbox.organisation import SCRIPTED_USER
from connectors.sandbox.work_items import ACTIVE
from connectors.sandbox.world import WorkItem

NAMED_SHARE = 0.8
LATEST_BEGUN = 5
"""A pull request is for one of so many items that were begun last."""


def name_work(branch: Branch, items: Sequence[WorkItem], rng: random.Random) -> None:
    """Let the changes of a branch name items that had been begun; a revert repeats what it takes back."""
    begun = sorted(
        (min(starts), item.key)
        for item in items
        if item.earlier_key is None
        and (starts := [step.at for step in item.transitions if step.after == ACTIVE])
    )
    changes = sorted([*branch.merged, *branch.unmerged], key=lambda one: one.id)
    for change in changes:
        if change.author not in (DEPENDENCY_BOT, SCRIPTED_USER) and change.reverts is None:
            _name(change, begun, rng)
    by_id = {change.id: change for change in changes}
    for change in changes:
        if change.reverts is not None:
            taken_back = by_id[change.reverts]
            change.title = f'Revert "{taken_back.title}"'
            is_in_title = taken_back.work_item is not None and taken_back.work_item in taken_back.title
            change.work_item = taken_back.work_item if is_in_title else None


def _name(change: PullRequest, begun: Sequence[tuple[datetime, str]], rng: random.Random) -> None:
    until = bisect_right(begun, change.commits[0].authored_at, key=lambda one: one[0])
    latest = begun[max(until - LATEST_BEGUN, 0) : until]
    if not latest or rng.random() >= NAMED_SHARE:
        return
    _, change.work_item = rng.choice(latest)
    if change.head_ref.startswith("topic/") and rng.random() < 0.5:
        change.head_ref = f"topic/{change.work_item}-{change.id}"
    else:
        change.title = f"{change.work_item}: {change.title}"
