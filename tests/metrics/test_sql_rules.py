"""Rules that hold for every SQL file: dependencies as stated, a portable dialect, and honest words."""

import re

import pytest
import sqlglot
from sqlglot import exp

from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import Metric, Model

MODELS = [model for model in load_models() if model.sql is not None]
METRICS = list(load_metrics().values())
PORTABLE = [*(model for model in MODELS if model.layer == "facts"), *METRICS]
EVERYTHING = [*load_models(), *METRICS]

TABLE = re.compile(r"\b(?:raw|config|staged|facts|ops|published)\.[a-z_]+")
UNPORTABLE = re.compile(
    r"\b(date_diff|datediff|isodow|timezone|strftime|asof|now|current_timestamp|current_date|today|"
    r"generate_series|unnest|regexp_\w+|list_\w+|array_agg|string_agg|list|glob|lambda|struct_pack)\b"
    r"|at\s+time\s+zone|approx_quantile|\bpivot\b",
    re.IGNORECASE,
)
CLAIM = re.compile(
    r"\b(because|caus\w+|drives?|driven|leads? to|led to|due to|thanks to|prove[sn]?)\b", re.IGNORECASE
)


OF_PEOPLE = {
    "stg_account": {"account_id"},
    "stg_person_account": {"account_id", "person_key"},
    "stg_membership": {"person_key"},
    "stg_active_person": {"person_key"},
    "stg_scope_person": {"person_key"},
}
"""The tables that know people, all of them staged, and the columns that stand for somebody."""


def test_there_is_something_to_look_at() -> None:
    assert all((MODELS, METRICS, PORTABLE))


def _code(item: Model | Metric) -> str:
    """The SQL without its comments."""
    return re.sub(r"--[^\n]*", "", item.sql or "")


def test_depends_on_is_what_the_sql_reads() -> None:
    for item in (*MODELS, *METRICS):
        assert sorted(item.depends_on) == sorted(set(TABLE.findall(_code(item)))), item.name


def test_a_metric_reads_facts_alone() -> None:
    for item in METRICS:
        assert {table.split(".")[0] for table in item.depends_on} == {"facts"}, item.name


def test_staged_never_reads_facts() -> None:
    for item in MODELS:
        if item.layer == "staged":
            assert not [table for table in item.depends_on if table.startswith("facts.")], item.name


def test_facts_and_metrics_keep_to_the_portable_subset() -> None:
    for item in PORTABLE:
        assert UNPORTABLE.findall(_code(item)) == [], item.name


def test_facts_and_metrics_can_be_carried_to_spark() -> None:
    for item in PORTABLE:
        (spark,) = sqlglot.transpile(
            item.sql or "", read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
        )
        tables = sqlglot.parse_one(spark, read="spark").find_all(exp.Table)
        carried = {f"{table.db}.{table.name}" for table in tables if table.db}
        assert carried == set(item.depends_on), item.name


@pytest.mark.parametrize(
    "bad", ["date_diff('day', a, b)", "x AT TIME ZONE z", "list(x ORDER BY y)", "a ASOF JOIN b"]
)
def test_the_portable_subset_refuses(bad: str) -> None:
    assert UNPORTABLE.search(bad)


def test_the_texts_of_a_metric_claim_no_causes() -> None:
    for item in METRICS:
        texts = [item.title, item.question, item.formula, item.window, *item.caveats, *item.not_for]
        texts += [*item.reasons.values(), *item.columns.values()]
        assert [text for text in texts if CLAIM.search(text)] == [], item.name


def test_no_column_tells_who_somebody_is() -> None:
    for item in EVERYTHING:
        personal = {
            name for name in item.columns if re.search(r"account|author|login|assignee|person|email", name)
        }
        assert personal == OF_PEOPLE.get(item.name, set()), item.name
