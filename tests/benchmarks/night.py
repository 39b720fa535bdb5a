"""How long a night takes in which one row in a thousand changed, against a full build in the same run.

Run by hand: `.venv/bin/python tests/benchmarks/night.py S M`. The organisation is that of `full_build.py`. It
is built whole, one row in a thousand changes (nine of ten of them recent), an hour passes, and it is built
again as far as something changed. Told are the tables and numbers with their checks by themselves, and with
the published snapshot, which is written anew each night. Only the ratios mean anything.
"""

import argparse
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from full_build import build, open_warehouse, prepare, publish, timed
from organisation import AS_OF, SCALES, change_rows

from pipelines.catalog import load_metrics, load_models
from pipelines.home import Home

SHARE = 0.001
RUN = "night"


def measure(scale: str, folder: Path) -> str:
    """One scale's ratios, in words."""
    rows, home = prepare(scale, folder), Home(folder / "built")
    shutil.rmtree(home.path, ignore_errors=True)
    home.path.mkdir()
    shutil.copyfile(Home(folder).warehouse, home.warehouse)
    warehouse = open_warehouse(home, None)
    con, models, metrics = warehouse.con, load_models(), load_metrics()
    whole, _ = timed(lambda: build(con, models, metrics))
    published, _ = timed(lambda: publish(warehouse, home))
    changed = change_rows(con, SHARE, RUN)
    con.execute("UPDATE config.run SET as_of = ?", [AS_OF + timedelta(hours=1)])
    night, _ = timed(lambda: build(con, models, metrics))
    again, _ = timed(lambda: publish(warehouse, home))
    warehouse.close()
    shutil.rmtree(home.path)
    return (
        f"{scale}: {changed:,} of {rows:,} rows changed; tables and numbers 1/{whole / night:.1f} of a full "
        f"build, with the snapshot 1/{(whole + published) / (night + again):.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scales", nargs="+", choices=sorted(SCALES))
    parser.add_argument("--keep", type=Path, help="a folder for the organisations, used again the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        for scale in asked.scales:
            print(measure(scale, (asked.keep or Path(made)) / scale), flush=True)


if __name__ == "__main__":
    main()
