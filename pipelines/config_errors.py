"""How a mistake in `outcomes.toml` is told: where it is, what is wrong, what to do.

No message here repeats a value of the file: what was typed into the wrong place may be a secret.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
"""Keys and positions from the top of the file, as in `("team", 0, "members", 2, "from")`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the file."""

    path: Place
    what: str
    fix: str


class ConfigurationError(Exception):
    """The configuration cannot be used. `str()` has one `error:` line per mistake."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def describe(file: str, problems: Sequence[Problem], document: Mapping[str, Any]) -> ConfigurationError:
    """Put all problems into one error, in the order of the file's tables."""
    return ConfigurationError(
        [f"error: {file}: {_key_path(p.path, document)}: {p.what}. {p.fix}" for p in problems]
    )


def _key_path(path: Place, document: Mapping[str, Any]) -> str:
    """`service[checkout].owners[2].from`: entries by id where they have one, else counted from 1."""
    text = ""
    for depth, part in enumerate(path):
        if isinstance(part, str):
            text += f".{part}" if text else part
        else:
            text += f"[{_entry_id(path, part, document) if depth == 1 else part + 1}]"
    return text


def _entry_id(path: Place, position: int, document: Mapping[str, Any]) -> str:
    entry = document[str(path[0])][position]
    key = "name" if path[0] == "source" else "id"
    identifier = entry.get(key) if isinstance(entry, dict) else None
    is_plain = isinstance(identifier, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", identifier)
    return str(identifier) if is_plain and not looks_secret(str(identifier)) else str(position + 1)


def suggestion(wrong: object, known: Sequence[str]) -> str:
    """`Did you mean …?` where one of the known words is close, else the list of them."""
    known = [word for word in known if not looks_secret(word)]
    close = get_close_matches(str(wrong), known, n=1)
    if close:
        return f'Did you mean "{close[0]}"?'
    return "Known here: " + ", ".join(sorted(known)) if known else "None is defined in this file"


# ---- secrets -----------------------------------------------------------------------------------

_SECRET_KEY = re.compile(
    r"(^|[_-])(token|password|passwd|passphrase|secret|credentials?|api_?key|private_?key)$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(
    r"gh[pousr]_\w{8,}"  # GitHub's classic, OAuth, user, server and refresh tokens
    r"|github_pat_\w+"
    r"|glpat-[\w-]+"
    r"|xox[a-z]-"  # Slack
    r"|ATATT[\w=-]{8,}"  # Atlassian
    r"|AKIA[0-9A-Z]{16}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}"  # JSON web token
    r"|://[^/\s@]*:[^/\s@]+@"  # https://user:password@host
    r"|\bBearer\s+\S{8,}"
)
_OPAQUE = re.compile(r"[A-Za-z0-9+_=-]{20,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")

# Ids of accounts, clients and groups of some systems are long and opaque, yet no secret.
_OPAQUE_IS_FINE = frozenset({"account", "client_id", "groups"})


def looks_secret(value: str) -> bool:
    """Whether the text is a credential by its form: a known prefix, or a password inside a URL."""
    return _SECRET_VALUE.search(value) is not None


def _looks_random(value: str) -> bool:
    """Long, without spaces, and letters of both cases mixed with several groups of digits."""
    if _HEXADECIMAL.fullmatch(value):
        return True
    has_both_cases = value != value.lower() and value != value.upper()
    return bool(_OPAQUE.fullmatch(value)) and has_both_cases and len(re.findall(r"\d+", value)) >= 3


def secrets(node: object, path: Place = ()) -> Iterator[Problem]:
    """Find credentials anywhere in the file, in known keys and in unknown ones."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from secrets(value, (*path, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from secrets(value, (*path, position))
    elif isinstance(node, str) and _names_no_variable(path, node):
        yield Problem(
            path,
            "is not the name of an environment variable",
            "Write a name in capitals such as GITHUB_TOKEN, and the secret itself into that variable",
        )
    elif isinstance(node, str) and _is_secret(path, node):
        yield Problem(
            path,
            "holds what looks like a secret, and secrets do not belong in this file",
            "Put it into an environment variable, name that variable with token_env, and replace the secret",
        )


def _names_no_variable(path: Place, value: str) -> bool:
    key = path[-1] if path else ""
    return isinstance(key, str) and key.endswith("_env") and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value)


def _is_secret(path: Place, value: str) -> bool:
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if _SECRET_KEY.search(key) or looks_secret(value):
        return True
    return key not in _OPAQUE_IS_FINE and _looks_random(value)


# ---- what pydantic reports, in our words ---------------------------------------------------------

_WHOLE_NUMBER = ("must be a whole number", "Write it without quotes and without a fraction")
_NUMBER = ("must be a number", "Write it without quotes")
_YES_OR_NO = ("must be true or false", "Write it without quotes")
_EXPECTED = {
    "missing": ("is missing", "Add it"),
    "string_type": ("must be text", 'Write it in quotes: "…"'),
    "string_too_short": ("must not be empty", "Fill it in or remove the key"),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "date_type": ("must be a date", "Write it as 2026-01-31, without quotes and without a time"),
    "time_type": ("must be a time of day", "Write it as 09:00:00, without quotes"),
    "list_type": ("must be a list", "Write it in square brackets: [ … ]"),
    "model_type": ("must be a table", "Write its keys below a heading in brackets, or as { key = … }"),
}
_NAME_KEYS = frozenset({"id", "name", "parent", "department", "team"})
_NOT_A_NAME = (
    "is not a name of lower-case letters, digits, - and _ that starts with a letter or digit",
    'Choose a short one such as "payments"',
)
_BOUND = {
    "greater_than_equal": ("must be at least", "ge"),
    "greater_than": ("must be more than", "gt"),
    "less_than_equal": ("must be at most", "le"),
    "less_than": ("must be less than", "lt"),
}


def explain(error: ErrorDetails, model: type[BaseModel], prefix: Place) -> Problem:
    """Turn one of pydantic's errors on `model`, which stands at `prefix`, into a problem."""
    path = (*prefix, *error["loc"])
    match error["type"]:
        case "extra_forbidden":
            words = "is not a known key", suggestion(path[-1], known_keys(model, error["loc"][:-1]))
        case "literal_error":
            choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
            words = f"must be one of {', '.join(choices)}", suggestion(error["input"], choices)
        case "string_pattern_mismatch" if path[-1] in _NAME_KEYS:
            words = _NOT_A_NAME
        case "value_error":
            what, _, fix = str(error["ctx"]["error"]).partition(". ")
            words = what, fix or "Mend the value"
        case kind if kind in _BOUND:
            beginning, bound = _BOUND[kind]
            words = f"{beginning} {error['ctx'][bound]:g}", "Change the number"
        case kind:
            message = error["msg"][:1].lower() + error["msg"][1:]
            words = _EXPECTED.get(kind, (message, "Mend the value"))
    return Problem(path, *words)


def known_keys(model: type[BaseModel], path: Place = ()) -> list[str]:
    """The keys that the table at `path` below `model` may have, as they are written in the file."""
    for part in path:
        if isinstance(part, str):
            inner = _model_in(_field(model, part))
            if inner is None:
                return []
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _field(model: type[BaseModel], key: str) -> object:
    """The annotation of the field that is written as `key`."""
    return next(f.annotation for name, f in model.model_fields.items() if key in (f.alias, name))


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside `Model`, `list[Model]` or `Model | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)
