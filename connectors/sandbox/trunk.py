"""Turns merged changes into the commits of a default branch, by each merge method."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.sandbox.changes import Branch, merge_time
from connectors.sandbox.github_world import Commit, PullRequest, Repository
from connectors.sandbox.mint import Mint


def lay_trunk(repository: Repository, branch: Branch, mint: Mint, founded_at: datetime) -> None:
    """Write the default branch: its first commit, then every merged change in order.

    Afterwards every pull request has its number, and every merged one its merge commit and position.
    """
    founding = Commit(mint.sha(), [], founded_at, founded_at, "Start", None, founded_at)
    repository.created_at = founded_at
    repository.trunk = [founding]
    repository.heads = [(founded_at, founding.sha)]
    for number, change in enumerate(
        sorted([*branch.merged, *branch.unmerged], key=lambda one: (one.created_at, one.id)), start=1
    ):
        change.number = number
        repository.pull_requests.append(change)
    numbers = {change.id: change.number for change in repository.pull_requests}
    for change in repository.pull_requests:
        if change.reverts is not None:
            change.head_ref = f"revert-{numbers[change.reverts]}-{change.id}"
    for position, change in enumerate(branch.merged, start=1):
        change.position = position
        _stack(change.commits, repository.heads[-1][1])
        merged = _merge_commits(change, repository.heads[-1][1], mint)
        repository.trunk.extend(merged)
        change.merge_sha = merged[-1].sha
        repository.heads.append((merged[-1].visible_at, merged[-1].sha))
    for change in branch.unmerged:
        _stack(change.commits, repository.heads[0][1])


def position_at(repository: Repository, moment: datetime) -> int:
    """How many changes had been merged by a moment."""
    return bisect_right(repository.heads, moment, key=lambda head: head[0]) - 1


def _stack(commits: Sequence[Commit], base: str) -> None:
    for commit in commits:
        commit.parents, base = [base], commit.sha


def _merge_commits(change: PullRequest, head: str, mint: Mint) -> list[Commit]:
    """What merging the change puts onto the trunk; the last one is the merge commit."""
    at = merge_time(change)
    title = f"{change.title} (#{change.number})"
    if change.method == "squash":
        return [Commit(mint.sha(), [head], at, at, title, change.author, at)]
    if change.method == "merge":
        branch = [replace(commit, visible_at=at) for commit in change.commits]
        joined = f"Merge pull request #{change.number} from alder/{change.head_ref}"
        merge = Commit(mint.sha(), [head, branch[-1].sha], at, at, joined, change.merged_by, at)
        return [*branch, merge]
    replayed: list[Commit] = []
    for commit in change.commits:
        parent = replayed[-1].sha if replayed else head
        replayed.append(replace(commit, sha=mint.sha(), parents=[parent], committed_at=at, visible_at=at))
    return replayed


def cut(change: PullRequest, as_of: datetime) -> None:
    """Forget what would happen to the change after a moment: an unfinished one stays open."""
    change.reviews = [review for review in change.reviews if review.submitted_at <= as_of]
    change.timeline = [event for event in change.timeline if event.occurred_at <= as_of]
    for commit in change.commits:
        commit.committed_at = min(commit.committed_at, as_of - timedelta(minutes=1))
        commit.authored_at = min(commit.authored_at, commit.committed_at)
    if change.closed_at is not None and change.closed_at > as_of:
        change.merged_at = change.closed_at = change.merged_by = None
    change.commits = [commit for commit in change.commits if commit.visible_at <= as_of]
