"""What `include` and `exclude` of a `[[source]]` choose. Patterns know `*`, `?` and `[abc]`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from connectors.base import SourceSettings


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns fits the whole name; capitals do not matter."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def is_pattern(name: str) -> bool:
    """Whether it is more than one thing's name."""
    return bool(set(name) & set("*?["))


def is_chosen(names: Iterable[str], settings: SourceSettings) -> bool:
    """Whether a thing under any of its names is wanted: included, unless nothing is, and not excluded."""
    known = list(names)
    is_included = not settings.include or any(matches(name, settings.include) for name in known)
    return is_included and not any(matches(name, settings.exclude) for name in known)


def owned_or_included(owned: Iterable[str], settings: SourceSettings) -> list[str]:
    """What services own and what `include` names besides, each once, without what `exclude` fits."""
    names = dict.fromkeys((*owned, *settings.include))
    return [name for name in names if not matches(name, settings.exclude)]
