"""How long five numbers take here, against the pandas scripts beside this one.

Run by hand: `.venv/bin/python tests/benchmarks/against_pandas.py M`, with `--keep FOLDER` as for the full
build. Here it is every model that the five metrics rest on and the metrics themselves, in all scopes and
periods, with intervals, coverage and verdicts. `analyst.py` makes one table each, by team and week;
`analyst_in_full.py` the scopes, periods, intervals, charts and tests that are published. All begin with what
a source told. Only the ratios mean anything.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import analyst
import analyst_in_full
from full_build import build, open_warehouse, prepare, timed
from organisation import SCALES

from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import Model
from pipelines.compute import CALENDAR_TABLES
from pipelines.home import Home

NUMBERS = ("change_lead_time", "change_failure_rate", "cycle_time", "throughput", "work_in_progress")


def models_behind() -> list[Model]:
    """The models that the numbers rest on, each after those it reads."""
    metrics = load_metrics()
    behind = {*CALENDAR_TABLES, *(table for name in NUMBERS for table in metrics[name].depends_on)}
    for model in reversed(load_models()):
        if model.table in behind:
            behind.update(model.depends_on)
    return [model for model in load_models() if model.table in behind]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scale", choices=sorted(SCALES))
    parser.add_argument("--keep", type=Path, help="a folder for the organisation, used again the next time")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = (asked.keep or Path(made)) / asked.scale
        prepare(asked.scale, folder)
        home = Home(Path(made) / "built")
        home.path.mkdir()
        shutil.copyfile(Home(folder).warehouse, home.warehouse)
        columns, source = folder / "columns", Home(folder).warehouse
        scripts = {
            "one table each by week": timed(lambda: analyst.everything(columns)),
            "what is published of them": timed(lambda: analyst_in_full.everything(columns, source)),
        }
        warehouse = open_warehouse(home, None)
        # The script has no other definitions to compare with.
        alone = {"neighbours": {}}
        metrics = {name: load_metrics()[name].model_copy(update=alone) for name in NUMBERS}
        wall, cpu = timed(lambda: build(warehouse.con, models_behind(), metrics))
        warehouse.close()
    print(f"{asked.scale}: five numbers here {wall:.1f} s, with all that is published of them")
    for made, (script_wall, script_cpu) in scripts.items():
        print(
            f"    a script for {made} {script_wall:.1f} s: {script_wall / wall:.2f} times as fast here "
            f"(processors {script_cpu / cpu:.2f})"
        )


if __name__ == "__main__":
    main()
