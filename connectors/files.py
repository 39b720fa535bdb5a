"""The files of a folder that other people write into: no surprises, whatever lies there."""

import os
from collections.abc import Iterator
from pathlib import Path


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, in order.

    Left out are hidden files and folders, folders that are links, and links that lead out of the folder.
    Pipes and devices are left out too: opening one could wait for ever. Raises `OSError` where the
    folder, or one in it, cannot be listed.
    """
    root = folder.resolve()
    for place, below, names in os.walk(folder, onerror=_refuse):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and _is_inside(path, root):
                yield path


def _refuse(error: OSError) -> None:
    raise error


def _is_inside(path: Path, root: Path) -> bool:
    target = path.resolve()
    return target.is_file() and target.is_relative_to(root)
