"""A second build of the same builds nothing: each table and metric of the product is kept as it was."""

from pipelines.catalog import load_metrics, load_models
from pipelines.compute import aggregation_frames
from pipelines.config import config_tables
from pipelines.incremental import build_everything
from pipelines.incremental_metrics import build_metric, open_published
from pipelines.ledger import Ledger
from pipelines.sources import configured


def test_every_table_and_every_metric_is_kept(published, copied):
    metrics, models, con = load_metrics(), load_models(), copied.con
    [(as_of,)] = con.execute("SELECT as_of FROM config.run").fetchall()
    configuration = configured(published.home.path.parent / "outcomes.toml", published.home)
    copied.write_configuration(config_tables(configuration, "another run", as_of))
    ledger = Ledger(con)
    build_everything(con, ledger, models)
    open_published(con, ledger, metrics)
    frames = aggregation_frames(con)
    for metric in metrics.values():
        build_metric(con, ledger, metric, models, frames)
    assert ledger.kept == {"tables": len(models), "metrics": len(metrics)}
