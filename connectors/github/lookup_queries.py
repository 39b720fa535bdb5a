"""The GraphQL that finds repositories, and reads what belongs to several of them or to organisations."""

LIMIT = "rateLimit { cost remaining resetAt }"
PAGE = "pageInfo { hasNextPage endCursor }"
WHO = "{ __typename login ... on User { databaseId } ... on Bot { databaseId } }"

_REPOSITORY = (
    "databaseId nameWithOwner url isArchived archivedAt isFork defaultBranchRef { name target { oid } }"
)
_LISTS = """
  pullRequests(first: 1) { totalCount }
  issues(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { updatedAt } }
  deployments(first: 1) { totalCount }
  releases(first: 1) { totalCount }
  tags: refs(refPrefix: "refs/tags/", first: 1) { totalCount }
"""
"""What tells of a list that there is nothing to read. A token may lack the permission for one of them."""

_BLOB = "{ ... on Blob { oid byteSize isTruncated text } }"


def _each(operation: str, count: int, wanted: str) -> str:
    """A query for `count` repositories ($o0, $n0, $o1, $n1, …), named r0, r1, and so on."""
    variables = ", ".join(f"$o{i}: String!, $n{i}: String!" for i in range(count))
    fields = " ".join(f"r{i}: repository(owner: $o{i}, name: $n{i}) {{ {wanted} }}" for i in range(count))
    return f"query {operation}({variables}) {{ {LIMIT} {fields} }}"


def repositories_query(count: int, *, with_lists: bool = True) -> str:
    """Look up `count` repositories by name in one call, with or without what tells of their lists."""
    return _each("Repositories", count, _REPOSITORY + (_LISTS if with_lists else ""))


def probe_query(*, with_lists: bool) -> str:
    """A page of an organisation's or a user's own repositories; in the one order that no push changes."""
    return f"""
query Probe($login: String!, $n: Int!, $after: String) {{
  {LIMIT}
  repositoryOwner(login: $login) {{
    repositories(first: $n, after: $after, ownerAffiliations: [OWNER],
                 orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {PAGE}
      nodes {{ {_REPOSITORY} {_LISTS if with_lists else ""} }}
    }}
  }}
}}"""


CODE_OWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def code_owners_query(count: int) -> str:
    """The CODEOWNERS of `count` repositories, from the places where GitHub looks (p0, p1, p2)."""
    places = (f'p{i}: object(expression: "HEAD:{path}") {_BLOB}' for i, path in enumerate(CODE_OWNERS_PATHS))
    return _each("CodeOwners", count, f"databaseId {' '.join(places)}")


MEMBERS = "nodes { __typename login databaseId }"
TEAM_REPOSITORIES = "edges { permission node { id databaseId } }"

TEAMS = f"""
query Teams($login: String!, $n: Int!, $after: String) {{
  {LIMIT}
  organization(login: $login) {{
    teams(first: $n, after: $after, orderBy: {{field: NAME, direction: ASC}}) {{
      {PAGE}
      nodes {{
        id databaseId combinedSlug name parentTeam {{ id databaseId }}
        members(first: 100, membership: IMMEDIATE) {{ {PAGE} {MEMBERS} }}
        repositories(first: 100) {{ {PAGE} {TEAM_REPOSITORIES} }}
      }}
    }}
  }}
}}"""
