"""GraphQL connections with GitHub's rules of paging."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

Json = dict[str, Any]
Key = tuple[float, ...]
"""Where a row stands in its list; lists are in rising order of their keys."""

LARGEST_PAGE = 100


def connection(keys: Sequence[Key], node: Callable[[int], Json]) -> Callable[..., Json]:
    """A resolver for a list whose row i has `keys[i]` and is made by `node(i)` when it is shown.

    A page token holds the last row's key, so it keeps its meaning while rows come and go.
    """

    def resolve(
        info: GraphQLResolveInfo,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **_filters: object,
    ) -> Json:
        _check_bounds(info.field_name, first, last)
        low = bisect_right(keys, _decode(after)) if after else 0
        high = max(bisect_left(keys, _decode(before)) if before else len(keys), low)
        if first is not None:
            high = min(high, low + first)
        elif last is not None:
            low = max(low, high - last)
        return {
            "totalCount": len(keys),
            "pageInfo": {
                "hasNextPage": high < len(keys),
                "hasPreviousPage": low > 0,
                "startCursor": _encode(keys[low]) if high > low else None,
                "endCursor": _encode(keys[high - 1]) if high > low else None,
            },
            "nodes": [node(index) for index in range(low, high)],
        }

    return resolve


def listed(nodes: Sequence[Json]) -> Callable[..., Json]:
    """A resolver for a list that is at hand and keeps its order."""
    return connection([(float(index),) for index in range(len(nodes))], nodes.__getitem__)


def _check_bounds(field: str, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise GraphQLError(
            f"You must provide a `first` or `last` value to properly paginate the `{field}` connection.",
            extensions={"type": "MISSING_PAGINATION_BOUNDARIES"},
        )
    for word, value in (("first", first), ("last", last)):
        if value is not None and not 1 <= value <= LARGEST_PAGE:
            raise GraphQLError(
                f"Requesting {value} records on the `{field}` connection exceeds the `{word}` limit of "
                f"{LARGEST_PAGE} records.",
                extensions={"type": "EXCESSIVE_PAGINATION"},
            )


def _encode(key: Key) -> str:
    return base64.b64encode(json.dumps(key).encode()).decode()


def _decode(cursor: str) -> Key:
    try:
        return tuple(float(part) for part in json.loads(base64.b64decode(cursor, validate=True)))
    except (ValueError, TypeError, binascii.Error):
        raise GraphQLError(
            f"`{cursor}` does not appear to be a valid cursor.",
            extensions={"type": "INVALID_CURSOR_ARGUMENTS"},
        ) from None
