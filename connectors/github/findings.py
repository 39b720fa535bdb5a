"""What `outcomes check` tells of the repositories that a GitHub source reads, and by which rule."""

from collections.abc import Iterator, Sequence

from connectors.base import Finding, SourceError
from connectors.github.client import GitHubClient
from connectors.github.repositories import FoundRepository, Repositories
from connectors.github.settings import Settings
from connectors.selection import is_pattern, matches

EXAMPLES = 3


class RepositoryFindings:
    """Looks at what a source's rules make of the repositories that there are."""

    def __init__(self, settings: Settings, repositories: Repositories, client: GitHubClient) -> None:
        self._settings = settings
        self._repositories = repositories
        self._client = client

    def __iter__(self) -> Iterator[Finding]:
        """One line for each organisation, rule, named repository, and missing permission."""
        found = self._repositories.all()
        for login, listed in self._repositories.listed.items():
            if listed:
                yield self._of_organisation(login, listed)
        yield from self._of_exclusions()
        for one in found.values():
            if one.configured_names:
                yield self._line(one.scope, "can be read")
        for error in self._repositories.missing.values():
            yield Finding.of(error)
        yield from self._of_permissions(next(iter(found.values()), None))

    def _line(self, name: str, message: str, *, is_fine: bool = True) -> Finding:
        return Finding(f"{self._settings.name}/{name}", is_fine, message)

    def _of_organisation(self, login: str, listed: Sequence[FoundRepository]) -> Finding:
        """How many are read and left out, by which rule, with examples."""
        by_reason: dict[str | None, list[str]] = {None: []}
        for one in listed:
            is_read = one.id in self._repositories.all()
            reason = None if is_read else self._repositories.reason_to_leave_out(one)
            by_reason.setdefault(reason, []).append(one.name)
        told = [
            f"{len(names)} {f'left out ({reason})' if reason else 'read'}{_examples(names)}"
            for reason, names in by_reason.items()
        ]
        return self._line(login, f"{len(listed)} repositories: {'; '.join(told)}")

    def _of_exclusions(self) -> Iterator[Finding]:
        """What each pattern of `exclude` fits, of the repositories that are named or discovered."""
        discovered = (one.name for listed in self._repositories.listed.values() for one in listed)
        included = (name for name in self._settings.include if not is_pattern(name))
        names = dict.fromkeys((*self._repositories.owned, *included, *discovered))
        for pattern in self._settings.exclude:
            fitting = [name for name in names if matches(name, [pattern])]
            if fitting:
                count = "1 repository" if len(fitting) == 1 else f"{len(fitting)} repositories"
                yield self._line(pattern, f"exclude fits {count}{_examples(fitting)}")
            else:
                what = "exclude fits no repository. Correct it, or take it out"
                yield self._line(pattern, what, is_fine=False)

    def _of_permissions(self, one: FoundRepository | None) -> Iterator[Finding]:
        """What may not be read; workflow runs, which no look-up tells of, are asked for in one repository."""
        if self._repositories.unseen:
            yield Finding.of(self._repositories.unseen, f"{self._settings.name}/permissions")
        if one is None:
            return
        where = f"{self._settings.name}/{one.scope}/workflow_runs"
        try:
            self._client.rest(f"/repos/{one.name}/actions/runs", {"per_page": 1}, where)
        except SourceError as refused:
            yield Finding.of(refused)


def _examples(names: Sequence[str]) -> str:
    return f", such as {', '.join(names[:EXAMPLES])}" if names else ""
