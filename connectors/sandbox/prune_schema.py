"""Cuts GitHub's published GraphQL schema down to what the operations in `queries.graphql` touch.

    python -m connectors.sandbox.prune_schema path/to/schema.graphql

rewrites `github_schema.graphql` beside this file. Descriptions and deprecation notes are left out;
every kept field keeps all of its arguments.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_specified_scalar_type,
    parse,
    print_ast,
    print_type,
    visit,
)

FOLDER = Path(__file__).parent
QUERIES = FOLDER / "queries.graphql"
PRUNED = FOLDER / "github_schema.graphql"
HEADER = """\
# A part of GitHub's GraphQL schema, as published by octokit/graphql-schema (MIT, see NOTICE.md).
# Made by prune_schema.py; do not edit.
"""

Fielded = GraphQLObjectType | GraphQLInterfaceType


class _Usage(Visitor):
    """Collects the types and fields that a document touches."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.types: dict[str, GraphQLNamedType] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Note a field, the type it stands on and the type it returns."""
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is None or field is None:
            raise ValueError(f"the schema has no field {node.name.value} in this place")
        self.types[parent.name] = parent
        self.note(field.type)
        if not node.name.value.startswith("__"):
            self.fields[parent.name].add(node.name.value)
            for argument in field.args.values():
                self.note(argument.type)

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: object) -> None:
        """Note the type that a fragment is about."""
        self.note(self._info.get_type())

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> None:
        """Note the type that a fragment is about."""
        self.note(self._info.get_type())

    def note(self, found: object) -> None:
        """Keep a type, and what its fields need if it is an input."""
        named = get_named_type(found)  # type: ignore[call-overload]  # output and input types alike
        if named is None or named.name in self.types or is_specified_scalar_type(named):
            return
        self.types[named.name] = named
        if isinstance(named, GraphQLInputObjectType):
            for field in named.fields.values():
                self.note(field.type)


def prune(schema_text: str, document: DocumentNode) -> str:
    """The part of a schema that the document's operations need, as SDL."""
    schema = build_schema(schema_text, assume_valid=True, assume_valid_sdl=True)
    info = TypeInfo(schema)
    usage = _Usage(info)
    visit(document, TypeInfoVisitor(info, usage))
    _spread_interfaces(schema, usage)
    kept = sorted(usage.types.values(), key=lambda one: one.name)
    return HEADER + "\n" + "\n\n".join(_print(one, usage) for one in kept) + "\n"


def _spread_interfaces(schema: GraphQLSchema, usage: _Usage) -> None:
    """An object has to have every field that a kept interface of it has."""
    interfaces = [one for one in usage.types.values() if isinstance(one, GraphQLInterfaceType)]
    for interface in interfaces:
        for implementer in schema.get_possible_types(interface):
            if implementer.name in usage.types:
                usage.fields[implementer.name] |= usage.fields[interface.name]
        for child in schema.get_implementations(interface).interfaces:
            if child.name in usage.types:
                usage.fields[child.name] |= usage.fields[interface.name]


def _print(kept: GraphQLNamedType, usage: _Usage) -> str:
    if isinstance(kept, GraphQLObjectType | GraphQLInterfaceType):
        return _print_fielded(kept, usage)
    if isinstance(kept, GraphQLUnionType):
        members = " | ".join(one.name for one in kept.types if one.name in usage.types)
        return f"union {kept.name} = {members}"
    if isinstance(kept, GraphQLEnumType):
        return _block(f"enum {kept.name}", kept.values)
    if isinstance(kept, GraphQLInputObjectType):
        return _block(f"input {kept.name}", (_print_input(name, one) for name, one in kept.fields.items()))
    return print_type(kept).split('"""')[-1].strip()


def _print_fielded(kept: Fielded, usage: _Usage) -> str:
    keyword = "interface" if isinstance(kept, GraphQLInterfaceType) else "type"
    names = [one.name for one in kept.interfaces if one.name in usage.types and usage.fields[one.name]]
    implements = f" implements {' & '.join(names)}" if names else ""
    fields = (_print_field(name, kept.fields[name]) for name in sorted(usage.fields[kept.name]))
    return _block(f"{keyword} {kept.name}{implements}", fields)


def _print_field(name: str, field: GraphQLField) -> str:
    arguments = ", ".join(_print_input(key, one) for key, one in field.args.items())
    return f"{name}({arguments}): {field.type}" if arguments else f"{name}: {field.type}"


def _print_input(name: str, one: GraphQLArgument | GraphQLInputField) -> str:
    default = one.ast_node.default_value if one.ast_node else None
    return f"{name}: {one.type}" + (f" = {print_ast(default)}" if default else "")


def _block(head: str, lines: Iterable[str]) -> str:
    return head + " {\n" + "".join(f"  {line}\n" for line in lines) + "}"


def main() -> None:
    """Rewrite the pruned schema from the published one."""
    published = Path(sys.argv[1]).read_text(encoding="utf-8")
    PRUNED.write_text(prune(published, parse(QUERIES.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
