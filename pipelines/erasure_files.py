"""Takes what was erased out of the files of the home folder."""

import os
import shutil
from pathlib import Path

import duckdb

from pipelines.home import Home
from pipelines.warehouse import WarehouseError


def rewrite(path: Path) -> None:
    """Copy the warehouse into a new file in its place: what was deleted lies in the old one's free blocks.

    Nobody may have it open. Raises `WarehouseError` where it cannot be written; the old file then stays.
    """
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect() as con:
            for name, file in (("old", path), ("new", fresh)):
                con.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS \"{name}\"")
            con.execute("COPY FROM DATABASE old TO new")
        descriptor = os.open(fresh, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        fresh.replace(path)
    except (duckdb.Error, OSError) as broken:
        fresh.unlink(missing_ok=True)
        raise WarehouseError(
            f"{path}: everything is erased, but the file could not be written anew "
            f"({str(broken).splitlines()[0]}), and its free blocks may still hold what was deleted. "
            "Free some space, then erase again"
        ) from broken


def remove_clones(home: Home) -> bool:
    """Remove the clones of repositories: their commits name authors. Returns whether there were any.

    Raises `WarehouseError` where they cannot be removed.
    """
    if not home.clones.exists():
        return False
    try:
        shutil.rmtree(home.clones)
    except OSError as broken:
        raise WarehouseError(
            f"{home.clones}: everything is erased, but the clones cannot be removed ({broken.strerror}), and "
            "their commits name authors. Remove the folder yourself"
        ) from broken
    return True
