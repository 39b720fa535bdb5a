"""How long five numbers take here, against the plain pandas script beside this one (`analyst.py`).

Run by hand: `.venv/bin/python tests/benchmarks/against_pandas.py M`, with `--keep FOLDER` as for the full
build. Here it is every model that the five metrics rest on and the metrics themselves, in all scopes and
periods, with intervals, coverage and verdicts; there it is one table each, by team and week. Both begin with
what a source told. Only the ratio means anything.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from analyst import everything
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
        script_wall, script_cpu = timed(lambda: everything(folder / "columns"))
        warehouse = open_warehouse(home, None)
        # The script has no other definitions to compare with.
        alone = {"neighbours": {}}
        metrics = {name: load_metrics()[name].model_copy(update=alone) for name in NUMBERS}
        wall, cpu = timed(lambda: build(warehouse.con, models_behind(), metrics))
        warehouse.close()
    print(
        f"{asked.scale}: five numbers here {wall:.1f} s, by the script {script_wall:.1f} s: "
        f"{script_wall / wall:.2f} times as fast (processors {script_cpu / cpu:.2f})"
    )


if __name__ == "__main__":
    main()
