"""Pull requests: how one is written, reviewed and merged."""

import random
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from connectors.sandbox.github_world import Commit, PullRequest, Review, TimelineEvent
from connectors.sandbox.mint import Mint, at_work, hours, lognormal_hours
from connectors.sandbox.organisation import DELETED_USER, SCRIPTED_USER, Pace

REVIEW_BOT = "quality-gate"
DEPENDENCY_BOT = "dependabot"
SUBJECTS = ("retry on timeout", "sort order", "empty state", "import job", "price rounding", "session expiry")


@dataclass(slots=True)
class Branch:
    """A default branch while its history is being written: merged changes in order of their merge."""

    merged: list[PullRequest] = field(default_factory=list)
    unmerged: list[PullRequest] = field(default_factory=list)
    taken: set[datetime] = field(default_factory=set)

    def add(self, change: PullRequest) -> None:
        """Take a change in; a later call may bring an earlier merge."""
        if change.merged_at is None:
            self.unmerged.append(change)
        else:
            insort(self.merged, change, key=merge_time)

    def free_second(self, moment: datetime) -> datetime:
        """The moment or the next second in which nothing was merged."""
        while moment in self.taken:
            moment += timedelta(seconds=1)
        self.taken.add(moment)
        return moment


def merge_time(change: PullRequest) -> datetime:
    """When a merged change was merged."""
    if change.merged_at is None:
        raise ValueError(f"pull request {change.id} was not merged")
    return change.merged_at


class ChangeWriter:
    """Writes the pull requests of one repository."""

    def __init__(
        self,
        rng: random.Random,
        mint: Mint,
        branch: Branch,
        people: Mapping[str, date | None],
        methods: Sequence[str],
        lead_since: date | None = None,
    ) -> None:
        """`people` with the first day of each; None is always. From `lead_since` on the first opens all."""
        self._rng = rng
        self._mint = mint
        self._branch = branch
        self._people = people
        self._methods = methods
        self._lead_since = lead_since

    def write(self, first_commit_at: datetime, pace: Pace) -> PullRequest:
        """An ordinary change of a person: coding, perhaps a draft, review, merge or abandonment."""
        rng = self._rng
        opened = at_work(rng, first_commit_at + lognormal_hours(rng, pace.coding))
        author = rng.choices((rng.choice(self._there(first_commit_at)), DELETED_USER), weights=(199, 1))[0]
        if author != DELETED_USER:
            author = self._opens(author, first_commit_at)
        change = self._open(author, opened, self._commits_before(author, first_commit_at, opened))
        ready = opened
        if rng.random() < 0.2:
            change.is_draft = True
            ready = at_work(rng, opened + lognormal_hours(rng, 6))
            self._event(change, "ReadyForReviewEvent", ready)
        self._event(change, "ReviewRequestedEvent", ready + timedelta(seconds=20))
        ended = self._review(change, ready, pace)
        self._habits(change, opened, ended)
        if rng.random() < 0.06:
            self._abandon(change, ended + lognormal_hours(rng, 48))
        else:
            self._merge(change, ended)
        self._branch.add(change)
        return change

    def write_by_bot(self, opened: datetime, pace: Pace) -> PullRequest:
        """A dependency update; some come from an ordinary account that a script uses."""
        rng = self._rng
        author = rng.choices((DEPENDENCY_BOT, SCRIPTED_USER), weights=(4, 1))[0]
        change = self._open(author, opened, [self._commit(author, opened - timedelta(seconds=30), opened)])
        change.title, change.head_ref = "Bump a dependency", f"{author}/update-{change.id}"
        change.labels.append("dependencies")
        ended = at_work(rng, opened + lognormal_hours(rng, 2 * pace.review))
        if rng.random() < 0.6:
            self.add_review(
                change, rng.choice(self._there(opened)), "APPROVED", ended - timedelta(seconds=90)
            )
        self._merge(change, ended)
        self._branch.add(change)
        return change

    def write_hotfix(self, opened: datetime) -> PullRequest:
        """A change that mends production in a hurry, told by its label or by its branch."""
        rng = self._rng
        author, reviewer = self._two(opened - hours(1))
        started = opened - hours(rng.uniform(0.2, 0.8))
        change = self._open(author, opened, [self._commit(author, started, opened)])
        if rng.random() < 0.5:
            change.labels.append("hotfix")
        else:
            change.head_ref = f"hotfix/{change.id}"
        merged = opened + hours(rng.uniform(0.4, 1.5))
        self.add_review(change, reviewer, "APPROVED", opened + (merged - opened) / 2)
        self._merge(change, merged)
        self._branch.add(change)
        return change

    def write_revert(self, opened: datetime, reverted: PullRequest) -> PullRequest:
        """A change that takes back an earlier one, as GitHub's button makes it."""
        author, reviewer = self._two(opened - hours(1))
        change = self._open(author, opened, [self._commit(author, opened - timedelta(seconds=60), opened)])
        change.title, change.reverts = f'Revert "{reverted.title}"', reverted.id
        self.add_review(change, reviewer, "APPROVED", opened + hours(0.2))
        self._merge(change, opened + hours(0.5))
        self._branch.add(change)
        return change

    def add_review(self, change: PullRequest, author: str, state: str, submitted_at: datetime) -> None:
        """Put a submitted review on the change."""
        moment = submitted_at.replace(microsecond=0)
        change.reviews.append(Review(self._mint.id(), author, state, moment))

    def _two(self, moment: datetime) -> tuple[str, str]:
        """Somebody who opens a change, and somebody else who looks at it."""
        drawn, reviewer = self._rng.sample(self._there(moment), 2)
        author = self._opens(drawn, moment)
        return author, drawn if author == reviewer else reviewer

    def _opens(self, drawn: str, moment: datetime) -> str:
        """Who opens a change: who was drawn, or the one who opens all of them."""
        is_led = self._lead_since is not None and moment.date() >= self._lead_since
        return next(iter(self._people)) if is_led else drawn

    def _there(self, moment: datetime) -> list[str]:
        """Who had joined by then."""
        today = moment.date()
        return [person for person, since in self._people.items() if since is None or since <= today]

    def _open(self, author: str, opened: datetime, commits: list[Commit]) -> PullRequest:
        size = self._rng.lognormvariate(4.2, 1.1)
        number = self._mint.id()
        return PullRequest(
            id=number,
            number=0,
            title=f"Change the {self._rng.choice(SUBJECTS)}",
            author=author,
            head_ref=f"topic/{number}",
            created_at=opened,
            commits=commits,
            method=self._rng.choice(self._methods),
            additions=round(size),
            deletions=round(size * self._rng.random()),
            changed_files=1 + round(size / 40),
        )

    def _commit(self, author: str, authored_at: datetime, visible_at: datetime) -> Commit:
        return Commit(
            sha=self._mint.sha(),
            parents=[],
            authored_at=authored_at,
            committed_at=authored_at,
            headline="Work on it",
            author=author,
            visible_at=visible_at,
        )

    def _commits_before(self, author: str, first: datetime, opened: datetime) -> list[Commit]:
        count = self._rng.choices((1, 2, 3, 4, 6), weights=(30, 30, 20, 12, 8))[0]
        span = int((opened - first).total_seconds())
        offsets = [0, *sorted(self._rng.randrange(span) for _ in range(count - 1))]
        return [self._commit(author, first + timedelta(seconds=offset), opened) for offset in offsets]

    def _review(self, change: PullRequest, ready: datetime, pace: Pace) -> datetime:
        """Reviews of bots, of the author and of others; when it could be merged."""
        rng = self._rng
        if rng.random() < 0.3:
            self.add_review(change, REVIEW_BOT, "COMMENTED", ready + timedelta(seconds=75))
        if rng.random() < 0.1:
            self.add_review(change, change.author or "", "COMMENTED", ready + timedelta(minutes=6))
        if rng.random() < 0.07:
            return at_work(rng, ready + lognormal_hours(rng, 2))
        others = [person for person in self._there(ready) if person != change.author]
        first = at_work(rng, ready + lognormal_hours(rng, pace.pickup))
        if change.is_draft and rng.random() < 0.15:
            first = change.created_at + (ready - change.created_at) / 2
        ended = at_work(rng, max(first, ready) + lognormal_hours(rng, pace.review))
        rounds = rng.choices((1, 2, 3), weights=(60, 30, 10))[0]
        for number in range(rounds):
            moment = first + (ended - first) * (number / rounds)
            state = "APPROVED" if number == rounds - 1 else "CHANGES_REQUESTED"
            self.add_review(change, rng.choice(others), state, moment)
        if rounds > 1:
            fixed = (first + (ended - first) / (2 * rounds)).replace(microsecond=0)
            change.commits.append(self._commit(change.author or "", fixed, fixed))
        return ended

    def _habits(self, change: PullRequest, opened: datetime, ended: datetime) -> None:
        """Rebases and amends after the opening, and spells back in draft."""
        rng = self._rng
        between = (opened + (ended - opened) * rng.uniform(0.2, 0.8)).replace(microsecond=0)
        luck = rng.random()
        if luck < 0.12:
            before, after = self._mint.sha(), change.commits[-1].sha
            self._event(change, "HeadRefForcePushedEvent", between, before, after)
            for commit in change.commits:
                commit.committed_at = max(commit.committed_at, between)
                if luck < 0.04:
                    commit.authored_at = max(commit.authored_at, between)
        elif luck < 0.15 and not change.is_draft:
            self._event(change, "ConvertToDraftEvent", between)
            self._event(change, "ReadyForReviewEvent", between + (ended - between) / 2)

    def _event(
        self,
        change: PullRequest,
        kind: str,
        at: datetime,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        event = TimelineEvent(self._mint.id(), kind, at.replace(microsecond=0), before, after)
        change.timeline.append(event)

    def _abandon(self, change: PullRequest, at: datetime) -> None:
        change.closed_at = at.replace(microsecond=0)
        self._event(change, "ClosedEvent", change.closed_at)

    def _merge(self, change: PullRequest, at: datetime) -> None:
        moment = self._branch.free_second(at.replace(microsecond=0))
        if self._rng.random() < 0.01:
            self._event(change, "ClosedEvent", change.created_at + (moment - change.created_at) / 3)
            self._event(change, "ReopenedEvent", change.created_at + (moment - change.created_at) / 2)
        change.merged_at = change.closed_at = moment
        change.merged_by = self._rng.choice(self._there(change.created_at))
        self._event(change, "MergedEvent", moment)
        self._event(change, "ClosedEvent", moment)
