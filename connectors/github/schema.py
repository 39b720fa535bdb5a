"""Fits queries to the schema of an older server.

GitHub Enterprise Server is behind github.com by months, and refuses a query for one field that it
does not know. So the server is asked for its schema (introspection) and the query is rewritten. That
happens once, and only after a query was refused: most servers know every field, and then it costs
nothing; the schema is larger than many a page of data; and a field that github.com takes away is
met in the same way. The refusal itself would not do: it names what is missing in one query only, and
not which value of a list the server does not know.

A missing field is replaced by `__typename` under a name of our own, so that the server itself marks
where the field would have stood, fragments included. There null is put, or an empty list.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.answers import understand
from connectors.base import UnexpectedShape

if TYPE_CHECKING:
    from graphql import FieldNode, GraphQLCompositeType, TypeInfo, Visitor

NOTHING = "missing_value__"
NO_ROWS = "missing_list__"
OLDER_NAMES = {"fullDatabaseId": "databaseId"}
"""Fields that took the place of others with the same content."""
IDENTITIES = frozenset({"id", "databaseId", "fullDatabaseId", "oid"})
"""Without them a row has no key. Accounts are an exception: their login will do."""
ACCOUNTS = frozenset({"Bot", "EnterpriseUserAccount", "Mannequin", "Organization", "User"})
READ_BY_THEMSELVES = frozenset({"Organization", "Query", "Repository", "RepositoryOwner", "User"})
"""A list of theirs is what a stream reads: an empty one would say that there is nothing."""


def introspection_query() -> str:
    """The question for a server's whole schema."""
    import graphql  # noqa: PLC0415 - heavy, and seldom needed

    return graphql.get_introspection_query(descriptions=False)


class ServerSchema:
    """What one server knows.

    Args:
        answer: the data that it gave to `introspection_query()`.
        where: names the source in errors.
    """

    def __init__(self, answer: Any, where: str) -> None:
        import graphql  # noqa: PLC0415 - heavy, and seldom needed

        self._schema = understand(where, lambda: graphql.build_client_schema(answer, assume_valid=True))
        self._fitted: dict[str, str] = {}

    def fit(self, query: str, where: str) -> str:
        """The query without what the server does not know.

        Raises:
            UnexpectedShape: it does not know something without which there is nothing to read.
        """
        import graphql  # noqa: PLC0415 - heavy, and seldom needed

        if query not in self._fitted:
            types = graphql.TypeInfo(self._schema)
            visitor = graphql.TypeInfoVisitor(types, _rewriter(types, where))
            self._fitted[query] = graphql.print_ast(graphql.visit(graphql.parse(query), visitor))
        return self._fitted[query]


def restore(value: Any) -> Any:
    """An answer to a fitted query, with null or an empty list under every name that was asked for."""
    if isinstance(value, list):
        return [restore(one) for one in value]
    if not isinstance(value, dict):
        return value
    restored: dict[str, Any] = {}
    for name, held in value.items():
        if name.startswith(NOTHING):
            restored[name.removeprefix(NOTHING)] = None
        elif name.startswith(NO_ROWS):
            page = {"hasNextPage": False, "endCursor": None}
            restored[name.removeprefix(NO_ROWS)] = {"nodes": [], "totalCount": 0, "pageInfo": page}
        else:
            restored[name] = restore(held)
    return restored


def _rewriter(types: "TypeInfo", where: str) -> "Visitor":
    """Replaces unknown fields, and leaves out unknown values of lists and fragments on unknown types."""
    import graphql  # noqa: PLC0415 - heavy, and seldom needed

    used: set[str] = set()

    class Rewriter(graphql.Visitor):
        def enter_field(self, node: graphql.FieldNode, *_: Any) -> Any:
            parent = types.get_parent_type()
            if parent is None or types.get_field_def() is not None:
                return None
            return _stand_in(node, parent, where)

        def enter_inline_fragment(self, node: graphql.InlineFragmentNode, *_: Any) -> Any:
            return graphql.REMOVE if node.type_condition and types.get_type() is None else None

        def enter_enum_value(self, _node: graphql.EnumValueNode, _key: Any, parent: Any, *_: Any) -> Any:
            is_in_list = isinstance(parent, list | tuple)
            is_known = types.get_enum_value() is not None
            return graphql.REMOVE if is_in_list and not is_known else None

        def enter_variable(self, node: graphql.VariableNode, _key: Any, parent: Any, *_: Any) -> None:
            if not isinstance(parent, graphql.VariableDefinitionNode):
                used.add(node.name.value)

        def leave_operation_definition(self, node: graphql.OperationDefinitionNode, *_: Any) -> Any:
            """Declare no variable that is not used any more, which is an error as well."""
            declared = node.variable_definitions or ()
            node.variable_definitions = tuple(one for one in declared if one.variable.name.value in used)
            return node

        def leave_selection_set(self, node: graphql.SelectionSetNode, *_: Any) -> Any:
            return None if node.selections else graphql.SelectionSetNode(selections=(_typename(None),))

    return Rewriter()


def _stand_in(node: "FieldNode", parent: "GraphQLCompositeType", where: str) -> "FieldNode":
    """What is asked for in the place of a field that the server does not know."""
    import graphql  # noqa: PLC0415 - heavy, and seldom needed

    name = node.name.value
    key = node.alias.value if node.alias else name
    known: Mapping[str, Any] = getattr(parent, "fields", {})
    if OLDER_NAMES.get(name) in known:
        return _field(OLDER_NAMES[name], key)
    selected = node.selection_set.selections if node.selection_set else ()
    has_rows = any(isinstance(one, graphql.FieldNode) and one.name.value == "nodes" for one in selected)
    is_key = name in IDENTITIES and parent.name not in ACCOUNTS
    if is_key or (has_rows and parent.name in READ_BY_THEMSELVES):
        raise UnexpectedShape(
            where, f"the server's GraphQL has no {parent.name}.{name}", "Update GitHub Enterprise Server"
        )
    return _typename(f"{NO_ROWS if has_rows else NOTHING}{key}")


def _typename(key: str | None) -> "FieldNode":
    return _field("__typename", key)


def _field(name: str, key: str | None) -> "FieldNode":
    import graphql  # noqa: PLC0415 - heavy, and seldom needed

    return graphql.FieldNode(
        alias=graphql.NameNode(value=key) if key else None,
        name=graphql.NameNode(value=name),
        arguments=(),
        directives=(),
    )
