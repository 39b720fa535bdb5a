"""The door's description as OpenAPI 3.1, made of the row models."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from connectors.inbox.schema import DIALECT, row_schema

JSON = "application/json"
NDJSON = "application/x-ndjson"

_RECORDED = {
    "type": "object",
    "required": ["record_type", "ids", "recorded", "unchanged"],
    "properties": {
        "record_type": {"type": "string"},
        "ids": {"type": "array", "items": {"type": "string"}, "description": "of the rows, in their order"},
        "recorded": {"type": "integer", "description": "rows that are new or have changed"},
        "unchanged": {"type": "integer", "description": "rows that were there as they are"},
    },
}
_PROBLEM = {
    "type": "object",
    "required": ["error", "fix"],
    "properties": {
        "error": {"type": "string"},
        "fix": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["row", "column", "reason", "fix"],
                "properties": {
                    "row": {"type": "integer", "minimum": 1},
                    "column": {"type": ["string", "null"]},
                    "reason": {"type": "string"},
                    "fix": {"type": "string"},
                },
            },
        },
    },
}
_PROBLEMS = {
    "400": "The body is not UTF-8 or not JSON, a header comes twice, or the idempotency key cannot be used.",
    "401": "The token is missing or wrong.",
    "403": "The token may not write this record type.",
    "404": "The record type is not taken here.",
    "408": "The body came too slowly.",
    "409": "The idempotency key was used with another body.",
    "413": "The body is too large.",
    "415": "The body is of another type, or compressed.",
    "422": "Some rows cannot be read; none is recorded.",
    "429": "The token comes too often; Retry-After says when to come again.",
    "503": "The inbox cannot be written just now.",
}


def description(record_types: Sequence[str]) -> dict[str, Any]:
    """The document for a door that takes these record types."""
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "The inbox of Engineering Outcomes",
            "description": "Rows that are pushed here are read by the next run.",
            "version": _version(),
        },
        "security": [{"token": []}],
        "paths": {
            **{f"/v1/{record_type}": {"post": _operation(record_type)} for record_type in record_types},
            "/openapi.json": {"get": _open("description", "This document.")},
            "/healthz": {"get": _open("health", "Whether rows can be written.")},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{name: row_schema(name, needs_id=False) for name in record_types},
                "recorded": _RECORDED,
                "problem": _PROBLEM,
            },
        },
    }


def _operation(record_type: str) -> dict[str, Any]:
    row = {"$ref": f"#/components/schemas/{record_type}"}
    return {
        "operationId": f"record_{record_type}",
        "summary": f"Record {record_type}, all rows or none. A row without an id gets one.",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key with the same body gets the same answer, for two days.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": row},
                NDJSON: {"schema": {"type": "string", "description": f"One {record_type} object per line."}},
            },
        },
        "responses": {
            "201": _answer("The rows are in the inbox.", "recorded"),
            **{status: _answer(what, "problem") for status, what in _PROBLEMS.items()},
        },
    }


def _answer(what: str, schema: str) -> dict[str, Any]:
    return {"description": what, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _open(name: str, what: str) -> dict[str, Any]:
    content = {JSON: {"schema": {"type": "object"}}}
    return {
        "operationId": name,
        "summary": what,
        "security": [],
        "responses": {"200": {"description": what, "content": content}},
    }


def _version() -> str:
    try:
        return version("engineering-outcomes")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0"
