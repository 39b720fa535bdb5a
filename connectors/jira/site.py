"""What a run learns of a Jira before it reads a stream, each asked once: server, projects, fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.answers import understand
from connectors.base import AuthError, Forbidden, NotFound
from connectors.jira import records as shape
from connectors.jira.answers import field, rows
from connectors.jira.client import JiraClient, Refused
from connectors.jira.fields import Fields, resolve
from connectors.jira.settings import Settings
from connectors.records import Project

PROJECTS_PER_LOOKUP = 50

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself."""

    is_cloud: bool
    release: str
    browse_url: str
    date: datetime

    @property
    def version(self) -> int:
        """The version of its REST API."""
        return 3 if self.is_cloud else 2


class Site:
    """One Jira, as the configuration names it.

    Args:
        settings: the source's own.
        client: asks the server.
        keys: the configured keys of projects.
        credential: environment variable → its value, for all that signing in needs.
    """

    def __init__(
        self,
        settings: Settings,
        client: JiraClient,
        keys: Sequence[str],
        credential: Mapping[str | None, object | None],
    ) -> None:
        self.name = settings.name
        self.keys = keys
        self._settings = settings
        self._client = client
        self._credential = credential
        self._server: Server | None = None
        self._projects: Mapping[str, Project] | None = None
        self._fields: Fields | None = None

    def server(self) -> Server:
        """What kind of server this is. Raises `SourceError`."""
        if self._server is None:
            settings = self._settings
            for variable, value in self._credential.items():
                if variable and not value:
                    fix = f"Set the environment variable {variable}"
                    raise AuthError(self.name, f"{variable} is not set", fix)
            version = 3 if settings.deployment == "cloud" else 2
            reply = self._client.get(version, "serverInfo", self.name)
            info = reply.json()
            kind = field(info, "deploymentType", self.name)
            is_cloud = (kind == "Cloud") if settings.deployment == "auto" else version == 3
            browse_url = str(info.get("baseUrl") or settings.base_url).rstrip("/")
            release = str(info.get("version") or "of an unknown version")
            self._server = Server(is_cloud, release, browse_url, reply.server_date)
        return self._server

    def account(self) -> str | None:
        """The login or address of the account that the credential belongs to. Raises `SourceError`."""
        me = self._client.get(self.server().version, "myself", self.name).json()
        found = understand(self.name, lambda: [me.get(key) for key in ("emailAddress", "name", "accountId")])
        return next((str(one) for one in found if one), None)

    def projects(self) -> Mapping[str, Project]:
        """Configured key → its project, for those that may be seen. A project keeps its earlier keys."""
        if self._projects is None:
            found = understand(self.name, lambda: [shape.project(node) for node in self._listed()])
            known = {key: one for one in found for key in one.earlier_keys or ()}
            known |= {one.key: one for one in found}
            for key in self.keys:
                single = None if key in known else self._single(key)
                if single:
                    known[key] = single
            self._projects = {key: known[key] for key in self.keys if key in known}
        return self._projects

    def known(self, key: str, where: str) -> Project:
        """One project. Raises `NotFound`."""
        project = self.projects().get(key)
        if project is None:
            raise NotFound(
                where,
                f"project {key} does not exist or may not be seen",
                "Correct the key in jira_projects or let the token's owner browse the project",
            )
        return project

    def project(self, key: str, where: str) -> Project:
        """One project whose issues can be searched. Raises `NotFound`."""
        project = self.known(key, where)
        if project.is_archived:
            raise NotFound(
                where,
                f"project {key} is archived, so that its issues cannot be searched",
                "Take it out of jira_projects or restore it; what was read of it stays",
            )
        return project

    def fields(self) -> Fields:
        """Which custom fields play which role. Raises `SourceError`."""
        if self._fields is None:
            answer = self._client.get(self.server().version, "field", self.name).json()
            self._fields = resolve(rows(answer, None, self.name), self._settings, self.name)
        return self._fields

    def _listed(self) -> list[Json]:
        """The projects that a list shows, which archived ones and some earlier keys are not on."""
        if not self.keys:
            return []
        if not self.server().is_cloud:
            answer = self._client.get(2, "project", self.name, {"expand": "projectKeys"}).json()
            return rows(answer, None, self.name)
        lots = range(0, len(self.keys), PROJECTS_PER_LOOKUP)
        return [one for first in lots for one in self._lot(self.keys[first : first + PROJECTS_PER_LOOKUP])]

    def _lot(self, keys: Sequence[str]) -> list[Json]:
        parameters = {"keys": keys, "maxResults": PROJECTS_PER_LOOKUP, "expand": "projectKeys"}
        try:
            answer = self._client.get(3, "project/search", self.name, parameters).json()
        except Refused:  # Cloud rejects the whole list where it knows none of the keys
            return []
        return rows(answer, "values", self.name)

    def _single(self, key: str) -> Project | None:
        path = f"project/{quote(key, safe='')}"
        try:
            node = self._client.get(self.server().version, path, self.name, {"expand": "projectKeys"}).json()
        except (NotFound, Forbidden, Refused):
            return None
        return understand(self.name, lambda: shape.project(node))
