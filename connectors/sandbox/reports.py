"""Who answered what users reported, and when: comments on the issues that bear a label for it.

Each trap that a reader of comments may fall into is among them: robots answer first, reporters add
something, colleagues write notes that no reporter sees, an item was carried over with an older comment,
and of some nobody knows who reported them.
"""

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial

from connectors.sandbox.github_world import Comment, GitHubIssue
from connectors.sandbox.mint import at_work, hours, lognormal_hours
from connectors.sandbox.organisation import BOTS, CATALOGUE, SCRIPTED_USER
from connectors.sandbox.planted_calendar import owner
from connectors.sandbox.world import Service, World

FROM_USERS = ("customer", "question")
"""The labels of what users reported: of work items, and of issues in GitHub."""
REPORTER = "support-desk"
"""Who writes down what users tell; has no account in GitHub."""
ANSWER_HOURS = {
    "basket": 5.0,
    "catalogue": 6.0,
    "checkout": 3.0,
    "harbour": 9.0,
    "identity": 6.0,
    "routing": 14.0,
    "tracking": 30.0,
}
"""Team → the median of the hours until its users are answered."""
LATER = 4.0
"""So many times as long it takes the team of the catalogue since its pace broke down."""
MANY = 120
"""More comments than come along with an issue: the project of the first report has them."""


def write_answers(world: World) -> None:
    """Comment on every issue that users reported, as the teams do that own the services."""
    projects = {project: service for service in world.services for project in service.jira_projects}
    talkative = True
    for item in world.work_items:
        if FROM_USERS[0] in item.labels and item.project in projects:
            rng = random.Random(f"{world.seed}/{item.id}/answers")  # noqa: S311 (a simulation, no secret)
            item.reporter = REPORTER if rng.random() > 0.05 else None
            write = partial(_comments, rng, world, projects[item.project], item.created_at, REPORTER)
            item.comments = list(write())
            if rng.random() < 0.03:
                old = Comment(item.created_at - timedelta(days=2), _colleague(rng, world, "basket"))
                item.comments.insert(0, old)
            elif talkative and item.reporter:
                remarks = (item.created_at + timedelta(seconds=number) for number in range(1, MANY))
                item.comments[:0] = [Comment(at, REPORTER) for at in remarks]
                talkative = False
    for service in world.services:
        for issue in world.repository(service.repository).issues:
            _answer(world, service, issue)


def _answer(world: World, service: Service, issue: GitHubIssue) -> None:
    rng = random.Random(f"{world.seed}/{issue.id}/answers")  # noqa: S311 (as above)
    issue.comments = list(_comments(rng, world, service, issue.created_at, issue.author))


def _comments(
    rng: random.Random, world: World, service: Service, created_at: datetime, reporter: str
) -> Iterator[Comment]:
    """In the order of time; nothing answers where nobody of the team does."""
    team = owner(world, service.id, created_at.date()) or ""
    if rng.random() < 0.4:
        yield Comment(created_at + timedelta(seconds=1), rng.choice((*BOTS, SCRIPTED_USER)))
    if rng.random() < 0.3:
        yield Comment(created_at + hours(rng.random()), reporter)
    median = ANSWER_HOURS.get(team, 8.0)
    if team == "catalogue" and created_at >= datetime.combine(CATALOGUE[-1].since, time(), created_at.tzinfo):
        median *= LATER
    if rng.random() < 0.85:
        at = at_work(rng, created_at + hours(1) + lognormal_hours(rng, median)).replace(microsecond=0)
        if rng.random() < 0.2:
            yield Comment(created_at + hours(0.9), _colleague(rng, world, team), is_public=False)
        yield Comment(at, _colleague(rng, world, team, reporter))
        yield Comment(at + hours(2), reporter)


def _colleague(rng: random.Random, world: World, team: str, other_than: str | None = None) -> str:
    people = [spell.account for spell in world.memberships if spell.team == team and spell.writes_code]
    return rng.choice([login for login in people if login != other_than])
