"""The GraphQL that reads a repository's lists. Every query asks for its own cost."""

from collections.abc import Sequence

from connectors.github.lookup_queries import (
    LIMIT,
    MEMBERS,
    PAGE,
    TEAM_REPOSITORIES,
    TEAMS,
    WHO,
    code_owners_query,
    probe_query,
    repositories_query,
)

COMMIT_NODES = "nodes { commit { oid authoredDate committedDate author { user { login databaseId } } } }"
REVIEW_NODES = f"nodes {{ id state submittedAt author {WHO} }}"
EVENT_TYPES = (
    "READY_FOR_REVIEW_EVENT, CONVERT_TO_DRAFT_EVENT, REVIEW_REQUESTED_EVENT, HEAD_REF_FORCE_PUSHED_EVENT, "
    "CLOSED_EVENT, REOPENED_EVENT, MERGED_EVENT, ADDED_TO_MERGE_QUEUE_EVENT"
)
EVENT_NODES = """nodes {
  __typename
  ... on ReadyForReviewEvent { id createdAt }
  ... on ConvertToDraftEvent { id createdAt }
  ... on ReviewRequestedEvent { id createdAt }
  ... on HeadRefForcePushedEvent { id createdAt beforeCommit { oid } afterCommit { oid } }
  ... on ClosedEvent { id createdAt }
  ... on ReopenedEvent { id createdAt }
  ... on MergedEvent { id createdAt commit { oid } }
  ... on AddedToMergeQueueEvent { id createdAt }
}"""
FILE_NODES = "nodes { path }"
COMMENT_NODES = f"nodes {{ createdAt author {WHO} }}"
STATUS_NODES = "nodes { id state createdAt environment }"


def _newest_first(operation: str, field: str, nodes: str, *, also: str = "", variables: str = "") -> str:
    return f"""
query {operation}($owner: String!, $name: String!, $n: Int!, $after: String{variables}) {{
  {LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    {also}
    {field} {{
      {PAGE}
      nodes {{ {nodes} }}
    }}
  }}
}}"""


def _by_update(operation: str, field: str, nodes: str) -> str:
    """A list whose rows jump to the head when they change; `head` tells whether one has done so."""
    order = "orderBy: {field: UPDATED_AT, direction: DESC}"
    head = f"head: {field}(first: 1, {order}) {{ nodes {{ updatedAt }} }}"
    return _newest_first(operation, f"{field}(first: $n, after: $after, {order})", nodes, also=head)


_CHANGE = f"""
  id fullDatabaseId number title url state isDraft createdAt updatedAt mergedAt closedAt
  baseRefName headRefName headRefOid additions deletions changedFiles
  author {WHO}
  mergedBy {WHO}
  mergeCommit {{ oid messageHeadline messageBody }}
  labels(first: 100) {{ nodes {{ name }} }}
  commits(first: 100) {{ {PAGE} {COMMIT_NODES} }}
  reviews(first: 100) {{ {PAGE} {REVIEW_NODES} }}
  timelineItems(first: 100, itemTypes: [{EVENT_TYPES}]) {{ {PAGE} {EVENT_NODES} }}
"""

PULL_REQUESTS = _by_update("PullRequests", "pullRequests", _CHANGE)
PULL_REQUESTS_WITH_PATHS = _by_update(
    "PullRequestsWithPaths", "pullRequests", f"{_CHANGE} files(first: 100) {{ {PAGE} {FILE_NODES} }}"
)
ISSUES = _by_update(
    "Issues",
    "issues",
    "id fullDatabaseId number title url state stateReason createdAt updatedAt closedAt "
    "labels(first: 100) { nodes { name } }",
)
ISSUE_COMMENTS = f"""
query IssueComments($ids: [ID!]!) {{
  {LIMIT}
  nodes(ids: $ids) {{
    ... on Issue {{ id fullDatabaseId author {WHO} comments(first: 10) {{ {PAGE} {COMMENT_NODES} }} }}
  }}
}}"""
"""Of a hundred issues it costs one point: who wrote the first comments, and when; never what."""

_DEPLOYMENT = f"""
  id databaseId commitOid environment originalEnvironment task state createdAt updatedAt
  ref {{ name }}
  statuses(first: 20) {{ {PAGE} {STATUS_NODES} }}
"""
DEPLOYMENTS = _newest_first(
    "Deployments",
    "deployments(first: $n, after: $after, orderBy: {field: CREATED_AT, direction: DESC})",
    _DEPLOYMENT,
)
DEPLOYMENTS_BY_ID = f"""
query DeploymentsById($ids: [ID!]!) {{
  {LIMIT}
  nodes(ids: $ids) {{ ... on Deployment {{ {_DEPLOYMENT} }} }}
}}"""

_TAGS = (
    'refs(refPrefix: "refs/tags/", first: $n, after: {after}, '
    "orderBy: {{field: TAG_COMMIT_DATE, direction: DESC}})"
)
_TAG = """
  name
  target {
    __typename oid
    ... on Tag { tagger { date } target { oid ... on Commit { committedDate } } }
    ... on Commit { committedDate }
  }
"""
TAGS = _newest_first("Tags", _TAGS.format(after="$after"), _TAG)
RELEASES = _newest_first(
    "Releases",
    "releases(first: $n, after: $after, orderBy: {field: CREATED_AT, direction: DESC})",
    "id databaseId tagName name isDraft isPrerelease createdAt publishedAt tagCommit { oid }",
    also=f"{_TAGS.format(after='null')} @include(if: $withTags) {{ {PAGE} nodes {{ {_TAG} }} }}",
    variables=", $withTags: Boolean!",
)
"""With the first page of the tags, which are read next: most repositories have no more of them."""

HISTORY = f"""
query History($owner: String!, $name: String!, $n: Int!, $after: String, $since: GitTimestamp) {{
  {LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    defaultBranchRef {{
      target {{
        oid
        ... on Commit {{
          history(first: $n, after: $after, since: $since) {{
            {PAGE}
            nodes {{
              oid authoredDate committedDate messageHeadline messageBody
              parents(first: 100) {{ nodes {{ oid }} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}"""

_CENSUS = """
query Census($owner: String!, $name: String!, $after: String) {{
  {limit}
  repository(owner: $owner, name: $name) {{
    rows: {field}(first: 100, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {page}
      nodes {{ fullDatabaseId }}
    }}
  }}
}}"""

CENSUS = {
    stream: _CENSUS.format(limit=LIMIT, field=field, page=PAGE)
    for stream, field in (("pull_requests", "pullRequests"), ("issues", "issues"))
}
"""The ids of all `rows` that there are, by stream; in the one order that no update changes."""


NESTED = {
    "commits": ("PullRequest", "", COMMIT_NODES),
    "reviews": ("PullRequest", "", REVIEW_NODES),
    "timelineItems": ("PullRequest", f", itemTypes: [{EVENT_TYPES}]", EVENT_NODES),
    "files": ("PullRequest", "", FILE_NODES),
    "statuses": ("Deployment", "", STATUS_NODES),
    "comments": ("Issue", "", COMMENT_NODES),
    "members": ("Team", ", membership: IMMEDIATE", MEMBERS),
    "repositories": ("Team", "", TEAM_REPOSITORIES),
}
"""Nested list → whose it is, its arguments, and its rows."""


def drill_query(names: Sequence[str]) -> str:
    """The next page of nested lists of one row, behind the token in the variable of the list's name."""
    variables = ", ".join(f"${name}: String" for name in names)
    lists = " ".join(
        f"{name}(first: 100, after: ${name}{NESTED[name][1]}) {{ {PAGE} {NESTED[name][2]} }}"
        for name in names
    )
    return f"""
query Drill($id: ID!, {variables}) {{
  {LIMIT}
  node(id: $id) {{ ... on {NESTED[names[0]][0]} {{ {lists} }} }}
}}"""


ALL_QUERIES = (
    PULL_REQUESTS,
    PULL_REQUESTS_WITH_PATHS,
    ISSUES,
    ISSUE_COMMENTS,
    HISTORY,
    DEPLOYMENTS,
    DEPLOYMENTS_BY_ID,
    RELEASES,
    TAGS,
    TEAMS,
    *CENSUS.values(),
    *(drill_query([name]) for name in NESTED),
    drill_query(["commits", "reviews", "timelineItems", "files"]),
    drill_query(["members", "repositories"]),
    *(repositories_query(2, with_lists=lists) for lists in (True, False)),
    *(probe_query(with_lists=lists) for lists in (True, False)),
    code_owners_query(2),
)
"""For the test that validates each against GitHub's schema."""
