"""What Dagster shows and starts: owners, kinds, freshness, checks, jobs and the nightly schedule."""

from datetime import timedelta

import dagster as dg
import duckdb
import pytest

from connectors.registry import discover
from pipelines.assets.metrics import metric_assets, owner_of
from pipelines.catalog import load_metrics, load_models
from pipelines.checks import RECONCILED
from pipelines.config import load
from pipelines.definitions import defs, every_night, nightly_assets
from pipelines.home import CONFIG_VARIABLE, HOME_VARIABLE

GRAPH = defs.resolve_asset_graph()
SPECS = {spec.key: spec for spec in sorted(defs.resolve_all_asset_specs(), key=lambda spec: spec.key)}
CHECKS = {
    (key.asset_key.to_user_string(), key.name): GRAPH.get_check_spec(key) for key in GRAPH.asset_check_keys
}


def layer(key):
    return key.path[0]


def test_every_asset_says_what_it_is_and_whose():
    groups = {"config", "raw", "staged", "facts", "metrics", "quality", "published"}
    assert SPECS
    for spec in SPECS.values():
        assert all((spec.description, spec.owners, spec.kinds)), spec.key
        assert spec.group_name in groups, spec.key


def test_a_metric_belongs_to_the_owner_in_its_header():
    metric = load_metrics()["change_lead_time"]
    assert owner_of(metric) == "team:engineering-outcomes"
    address = metric.model_copy(update={"owner": "ada@example.org"})
    (spec,) = metric_assets({address.name: address}).specs
    assert list(spec.owners) == ["ada@example.org"]


def test_raw_and_published_assets_are_to_be_renewed_every_night():
    policies = {key: spec.freshness_policy for key, spec in SPECS.items()}
    assert {layer(key) for key, policy in policies.items() if policy} == {"raw", "published"}
    for key, policy in policies.items():
        if layer(key) in {"raw", "published"}:
            assert policy.warn_window.to_timedelta() == timedelta(hours=26)
            assert policy.fail_window.to_timedelta() == timedelta(hours=50)


def test_every_header_and_every_stream_has_its_check():
    tables = {f"{model.layer}/{model.name}" for model in load_models()}
    metrics = {f"metric/{name}" for name in load_metrics()}
    streams = {key.to_user_string() for key in SPECS if layer(key) == "raw"}
    named = {name: {asset for asset, one in CHECKS if one == name} for _, name in CHECKS}
    assert named["header"] == tables | metrics
    assert named["fetched"] == streams
    assert named["reconciliation"] == {table.replace(".", "/") for table in RECONCILED}


def test_only_what_makes_numbers_wrong_blocks():
    blocking = {name for (_, name), spec in CHECKS.items() if spec.blocking}
    assert not blocking & {"fetched", "sources_are_fresh", "flow_balances"}
    assert {"header", "reconciliation"} <= blocking
    # A metric that fails is withheld, and the others are published.
    assert not {asset for (asset, _), spec in CHECKS.items() if spec.blocking and asset.startswith("metric/")}


def test_a_metrics_check_says_what_it_promises():
    promised = CHECKS["metric/change_lead_time", "header"].description
    for words in ("Item kinds are change, change_from_merge", "not_yet_deployed", "fits a duration"):
        assert words in promised


def test_nothing_rests_on_an_asset_that_nobody_makes():
    assert set(GRAPH.get_all_asset_keys()) == set(GRAPH.executable_asset_keys) == set(SPECS)


def test_a_build_fetches_nothing_and_a_night_does_all():
    nightly, build = (
        defs.resolve_job_def(job).asset_layer.selected_asset_keys for job in ("nightly", "build")
    )
    assert nightly == set(SPECS)
    assert nightly - build == {key for key in SPECS if layer(key) == "raw"}


def test_the_nights_are_on_from_the_start():
    assert (every_night.cron_schedule, every_night.execution_timezone) == ("10 3 * * *", "UTC")
    assert every_night.default_status is dg.DefaultScheduleStatus.RUNNING
    # Without partitions Dagster makes up for the last missed night alone, however many were missed.
    assert defs.resolve_job_def("nightly").partitions_def is None


@pytest.mark.parametrize(("is_demo", "answer"), [(False, dg.RunRequest), (True, dg.SkipReason)])
def test_the_night_leaves_the_demo_alone(built, tmp_path, monkeypatch, is_demo, answer):
    place = built.copy_to(tmp_path)
    with duckdb.connect(str(place.home.snapshots / place.current)) as con:
        con.execute("UPDATE run SET is_demo = ?", [is_demo])
    monkeypatch.setenv(HOME_VARIABLE, str(place.home.path))
    assert isinstance(every_night(), answer)


def test_the_first_night_of_an_empty_home_runs(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    assert isinstance(every_night(), dg.RunRequest)


def test_a_night_asks_for_the_kinds_of_sources_that_are_configured(built, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(built.home.path))
    monkeypatch.setenv(CONFIG_VARIABLE, str(built.config))
    asked = set(nightly_assets())
    kinds = {settings.kind for settings in load(built.config).sources}
    assert kinds < discover().keys()
    assert {key.path[1] for key in asked if layer(key) == "raw"} == kinds
    assert {key for key in SPECS if layer(key) != "raw"} <= asked


def test_a_configuration_that_cannot_be_read_is_the_runs_to_tell(tmp_path, monkeypatch):
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "outcomes.toml"))
    assert nightly_assets() is None
