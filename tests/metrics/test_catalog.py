"""Headers are read strictly: every mistake is one line that names the file and the key."""

from pathlib import Path

import pytest

from pipelines.catalog import OBSERVATION_COLUMNS, CatalogError, load_metrics, load_models

COLUMNS = "\n".join(f'{name} = "meaning"' for name in OBSERVATION_COLUMNS)
HEADER = f"""title = "Things"
question = "How many things?"
formula = "things"
family = "flow"
unit = "hours"
direction = "neutral"
kind = "duration"
estimator = "quantile"
item_kind = "thing"
grains = ["week"]
statistics = ["p50", "p85"]
window = "The day."
owner = "somebody"
since = 2026-01-01
version = 1
caveats = ["Few things."]
not_for = ["ranking"]
references = ["A book"]
depends_on = ["facts.fct_thing"]

[reasons]
bot = "by a bot"

[columns]
{COLUMNS}
"""
NEIGHBOUR = """[neighbours.late]
about = "Start"
words = "late"
table = "facts.fct_thing"
columns = { started_at = "ended_at" }
"""
MODEL = """description = "One row per thing."
depends_on = ["raw.thing"]
key = ["thing_id"]

[columns]
thing_id = "its id"
"""


def _metric(folder: Path, header: str, sql: str = "SELECT 1") -> None:
    (folder / "things.sql").write_text(f"/*\n{header}*/\n{sql};\n", encoding="utf-8")


def _model(folder: Path, layer: str, name: str, header: str) -> None:
    (folder / layer).mkdir(exist_ok=True)
    (folder / layer / f"{name}.sql").write_text(f"/*\n{header}*/\nSELECT 1 AS thing_id\n", encoding="utf-8")


def test_a_metric_is_named_by_its_file_and_gets_the_defaults(tmp_path: Path) -> None:
    _metric(tmp_path, HEADER.replace("[reasons]", "[min_n]\np85 = 12\n\n[reasons]"))
    metric = load_metrics(tmp_path)["things"]
    assert (metric.name, metric.sql, metric.coverage_item_kind) == ("things", "SELECT 1", "thing")
    assert metric.min_n == {"p50": 3, "p85": 12}


def test_the_hash_is_that_of_the_sql_alone(tmp_path: Path) -> None:
    _metric(tmp_path, HEADER)
    first = load_metrics(tmp_path)["things"].sql_hash
    _metric(tmp_path, HEADER.replace("Few things", "No things"))
    assert load_metrics(tmp_path)["things"].sql_hash == first
    _metric(tmp_path, HEADER, "SELECT 2")
    assert load_metrics(tmp_path)["things"].sql_hash != first


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Things"', 'titel = "Things"', "things.sql: title: Field required"),
        ("version = 1", "version = 1\ncolour = 2", "things.sql: colour: Extra inputs are not permitted"),
        (
            'caveats = ["Few things."]',
            "caveats = []",
            "things.sql: caveats: List should have at least 1 item",
        ),
        ('family = "flow"', 'family = "fun"', "things.sql: family: Input should be 'delivery', 'flow'"),
        ('estimator = "quantile"\n', "", "things.sql: estimator: a duration has quantile or kaplan_meier"),
        (
            'unit = "hours"\ndirection = "neutral"\nkind = "duration"\nestimator = "quantile"',
            'unit = "count"\ndirection = "neutral"\nkind = "quantity"',
            "things.sql: measured_in: a quantity in counts says of what",
        ),
        (
            'kind = "duration"\nestimator = "quantile"',
            'kind = "share"\nestimator = "whole_share"',
            "things.sql: columns: a share needs a weight",
        ),
        ('grains = ["week"]', 'grains = ["day"]', "things.sql: grains: only levels have a value per day"),
        ('value = "meaning"\n', "", "things.sql: columns: must be, in this order: item_kind"),
        ('owner = "', 'linked_reasons = ["ghost"]\nowner = "', "linked_reasons: ghost not among `reasons`"),
        ("version = 1", "version = ", "things.sql: the header is not TOML"),
        ("[reasons]", f"{NEIGHBOUR}colour = 2\n[reasons]", "neighbours.late.colour: Extra inputs are not"),
        (
            "[reasons]",
            f"{NEIGHBOUR}[reasons]".replace('words = "late"\n', ""),
            "neighbours.late.words: Field",
        ),
        (
            "[reasons]",
            f"{NEIGHBOUR}[reasons]".replace("facts.", "raw."),
            "neighbours.late.table: String should",
        ),
    ],
)
def test_a_mistake_in_a_header_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in HEADER
    _metric(tmp_path, HEADER.replace(old, new))
    with pytest.raises(CatalogError, match=r"^things\.sql: ") as raised:
        load_metrics(tmp_path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "things.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"things\.sql: does not start with a /\* … \*/ comment"):
        load_metrics(tmp_path)


def test_models_come_after_what_they_read(tmp_path: Path) -> None:
    _model(tmp_path, "facts", "a_fact", MODEL.replace("raw.thing", "staged.z_thing"))
    _model(tmp_path, "staged", "z_thing", MODEL)
    assert [model.table for model in load_models(tmp_path)] == ["staged.z_thing", "facts.a_fact"]


def test_a_circle_is_named(tmp_path: Path) -> None:
    _model(tmp_path, "staged", "one", MODEL.replace("raw.thing", "staged.two"))
    _model(tmp_path, "staged", "two", MODEL.replace("raw.thing", "staged.one"))
    with pytest.raises(CatalogError, match=r"depends_on: a circle: staged\..* → staged\."):
        load_models(tmp_path)


def test_a_table_that_nobody_makes_is_named(tmp_path: Path) -> None:
    _model(tmp_path, "facts", "a_fact", MODEL.replace("raw.thing", "staged.missing"))
    with pytest.raises(CatalogError, match=r"a_fact\.sql: depends_on: there is no table staged\.missing"):
        load_models(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('key = ["thing_id"]', 'key = ["other"]', "a_thing.sql: key: other not among `columns`"),
        ("One row per thing.", "Things.", "a_thing.sql: description: String should match pattern"),
        ("key =", "schluessel =", "a_thing.sql: key: Field required"),
    ],
)
def test_a_mistake_in_a_model_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    _model(tmp_path, "staged", "a_thing", MODEL.replace(old, new))
    with pytest.raises(CatalogError) as raised:
        load_models(tmp_path)
    assert str(raised.value).startswith(message)
