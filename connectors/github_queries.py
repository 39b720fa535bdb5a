"""The GraphQL that the GitHub source sends. Every query asks for its own cost."""

_LIMIT = "rateLimit { cost remaining resetAt }"
_WHO = "{ __typename login ... on User { databaseId } ... on Bot { databaseId } }"
_PAGE = "pageInfo { hasNextPage endCursor }"

COMMIT_NODES = "nodes { commit { oid authoredDate committedDate author { user { login databaseId } } } }"
REVIEW_NODES = f"nodes {{ id state submittedAt author {_WHO} }}"
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
STATUS_NODES = "nodes { id state createdAt environment }"

PULL_REQUESTS = f"""
query PullRequests($owner: String!, $name: String!, $n: Int!, $after: String) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    pullRequests(first: $n, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      {_PAGE}
      nodes {{
        id fullDatabaseId number title url state isDraft createdAt updatedAt mergedAt closedAt
        baseRefName headRefName headRefOid additions deletions changedFiles
        author {_WHO}
        mergedBy {_WHO}
        mergeCommit {{ oid messageHeadline }}
        labels(first: 20) {{ nodes {{ name }} }}
        commits(first: 100) {{ {_PAGE} {COMMIT_NODES} }}
        reviews(first: 50) {{ {_PAGE} {REVIEW_NODES} }}
        timelineItems(first: 50, itemTypes: [{EVENT_TYPES}]) {{ {_PAGE} {EVENT_NODES} }}
      }}
    }}
  }}
}}"""

HISTORY = f"""
query History($owner: String!, $name: String!, $n: Int!, $after: String, $since: GitTimestamp) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    defaultBranchRef {{
      target {{
        oid
        ... on Commit {{
          history(first: $n, after: $after, since: $since) {{
            {_PAGE}
            nodes {{
              oid authoredDate committedDate messageHeadline
              parents(first: 10) {{ nodes {{ oid }} }}
            }}
          }}
        }}
      }}
    }}
  }}
}}"""

DEPLOYMENTS = f"""
query Deployments($owner: String!, $name: String!, $n: Int!, $after: String) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    deployments(first: $n, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
      {_PAGE}
      nodes {{
        id databaseId commitOid environment originalEnvironment task state createdAt updatedAt
        ref {{ name }}
        statuses(first: 20) {{ {_PAGE} {STATUS_NODES} }}
      }}
    }}
  }}
}}"""

RELEASES = f"""
query Releases($owner: String!, $name: String!, $n: Int!, $after: String) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    releases(first: $n, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
      {_PAGE}
      nodes {{ databaseId tagName name isDraft isPrerelease createdAt publishedAt tagCommit {{ oid }} }}
    }}
  }}
}}"""

TAGS = f"""
query Tags($owner: String!, $name: String!, $n: Int!, $after: String) {{
  {_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    refs(refPrefix: "refs/tags/", first: $n, after: $after,
         orderBy: {{field: TAG_COMMIT_DATE, direction: DESC}}) {{
      {_PAGE}
      nodes {{
        name
        target {{
          __typename oid
          ... on Tag {{ tagger {{ date }} target {{ oid }} }}
          ... on Commit {{ committedDate }}
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
    stream: _CENSUS.format(limit=_LIMIT, field=field, page=_PAGE)
    for stream, field in (("pull_requests", "pullRequests"), ("issues", "issues"))
}
"""The ids of all `rows` that there are, by stream; in the one order that no update changes."""

_DRILL = """
query Drill($id: ID!, $after: String) {{
  {limit}
  node(id: $id) {{ ... on {parent} {{ {field}({arguments}after: $after) {{ {page} {nodes} }} }} }}
}}"""


def _drill(parent: str, field: str, arguments: str, nodes: str) -> str:
    return _DRILL.format(
        limit=_LIMIT, parent=parent, field=field, arguments=arguments, page=_PAGE, nodes=nodes
    )


DRILLS = {
    "commits": _drill("PullRequest", "commits", "first: 100, ", COMMIT_NODES),
    "reviews": _drill("PullRequest", "reviews", "first: 100, ", REVIEW_NODES),
    "timelineItems": _drill(
        "PullRequest", "timelineItems", f"first: 100, itemTypes: [{EVENT_TYPES}], ", EVENT_NODES
    ),
    "statuses": _drill("Deployment", "statuses", "first: 100, ", STATUS_NODES),
}
"""The rest of a nested list, by the list's name: one call per further page."""


def repositories_query(count: int) -> str:
    """The preflight: look up `count` repositories by name in one call ($o0, $n0, $o1, $n1, …)."""
    variables = ", ".join(f"$o{i}: String!, $n{i}: String!" for i in range(count))
    fields = " ".join(
        f"r{i}: repository(owner: $o{i}, name: $n{i}) "
        "{ databaseId nameWithOwner isArchived defaultBranchRef { name target { oid } } }"
        for i in range(count)
    )
    return f"query Repositories({variables}) {{ {_LIMIT} {fields} }}"


ALL_QUERIES = (
    PULL_REQUESTS,
    HISTORY,
    DEPLOYMENTS,
    RELEASES,
    TAGS,
    *CENSUS.values(),
    *DRILLS.values(),
    repositories_query(2),
)
"""For the test that validates each against GitHub's schema."""
