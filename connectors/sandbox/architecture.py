"""Which changes are called changes of the architecture: large ones more often than small ones."""

import random
from collections.abc import Iterable

from connectors.sandbox.changes import DEPENDENCY_BOT
from connectors.sandbox.github_world import Repository
from connectors.sandbox.organisation import SCRIPTED_USER

LABEL = "architecture"
"""One of those that the product looks for unless it is told otherwise."""
LARGE_FILES = 5
"""Changed files from which on a change is a large one: a quarter are."""
SHARE, SHARE_OF_LARGE = 0.02, 0.16


def label(repositories: Iterable[Repository], seed: int) -> None:
    """Give the label to some changes that people opened, reverts aside."""
    for repository in repositories:
        for change in repository.pull_requests:
            rng = random.Random(f"{seed}/{change.id}/architecture")  # noqa: S311 (a simulation, no secret)
            is_of_people = change.author not in (DEPENDENCY_BOT, SCRIPTED_USER) and change.reverts is None
            share = SHARE_OF_LARGE if change.changed_files >= LARGE_FILES else SHARE
            if is_of_people and rng.random() < share:
                change.labels.append(LABEL)
