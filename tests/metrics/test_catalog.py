"""Headers are read strictly: every mistake is one line that names the file and the key."""

import re
from pathlib import Path

import pytest

from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import OBSERVATION_COLUMNS, CatalogError
from pipelines.catalog_page import render

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
EXAMPLE = """[example]
words = "Of five the middle one is 3."
statistic = "p50"
value = 3
columns = ["item_id", "value"]
rows = [["a", 1], ["b", 2], ["c", 3], ["d", 4], ["e", 5]]
"""
CHANGES = """version = 3
changes = [
    { version = 2, on = 2025-06-01, what = "Bots are left out." },
    { version = 3, on = 2026-01-01, what = "Drafts are left out." },
]"""
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


def without_line(error: CatalogError) -> str:
    """What is said, of whatever line."""
    return re.sub(r"^(\w+\.sql):\d+: ", r"\1: ", str(error))


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
            "things.sql: measured_in: an amount in counts says of what",
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
    with pytest.raises(CatalogError, match=r"^things\.sql:\d+: ") as raised:
        load_metrics(tmp_path)
    assert message in without_line(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("version = 1", "version = 1\ncolour = 2", "colour = 2"),
        ('caveats = ["Few things."]', "caveats = []", "caveats = []"),
        ('value = "meaning"\n', "", "[columns]"),
        ("version = 1", "version = ", "version = "),
        ("[reasons]", f"{NEIGHBOUR}colour = 2\n[reasons]", "colour = 2"),
        ('title = "Things"\n', "", "/*"),  # what is missing has no line but the header's
    ],
)
def test_a_mistake_in_a_header_names_the_line(tmp_path: Path, old: str, new: str, at: str) -> None:
    _metric(tmp_path, HEADER.replace(old, new))
    written = (tmp_path / "things.sql").read_text(encoding="utf-8").splitlines()
    [line] = [number for number, text in enumerate(written, 1) if text.rstrip() == at.rstrip()]
    with pytest.raises(CatalogError, match=rf"^things\.sql:{line}: "):
        load_metrics(tmp_path)


def test_a_changed_definition_says_what_changed_and_when(tmp_path: Path) -> None:
    _metric(tmp_path, HEADER.replace("version = 1", CHANGES))
    metric = load_metrics(tmp_path)["things"]
    assert [(change.version, str(change.on)) for change in metric.changes] == [
        (2, "2025-06-01"),
        (3, "2026-01-01"),
    ]
    page = render({"things": metric})
    assert "- definition changed on 2026-01-01 (version 3): Drafts are left out." in page


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version = 3", "version = 4", "changes: one line for each version from 2 to 4, in order"),
        ("{ version = 2", "{ version = 3", "changes: one line for each version from 2 to 3, in order"),
        (
            "on = 2026-01-01",
            "on = 2026-01-02",
            "changes: in the order of their days, the last of them on the",
        ),
        (
            "on = 2025-06-01",
            "on = 2026-06-01",
            "changes: in the order of their days, the last of them on the",
        ),
        (', what = "Bots are left out."', "", "changes.0.what: Field required"),
    ],
)
def test_changes_that_do_not_fit_the_version_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in CHANGES
    _metric(tmp_path, HEADER.replace("version = 1", CHANGES.replace(old, new)))
    with pytest.raises(CatalogError) as raised:
        load_metrics(tmp_path)
    assert without_line(raised.value).startswith(f"things.sql: {message}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (', ["e", 5]', "", "example.rows: List should have at least 5 items"),
        ('["e", 5]', '["e"]', "example: rows: each needs one value per column"),
        ('"item_id", "value"', '"item_id", "size"', "example: columns: size not among `columns`"),
        ('"item_id", "value"', '"item_id", "weight"', "example.columns: weight not among `columns`"),
        ('statistic = "p50"', 'statistic = "p95"', "example.statistic: p95 not among `statistics`"),
        ("words =", "word =", "example.words: Field required"),
    ],
)
def test_an_example_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in EXAMPLE
    _metric(tmp_path, HEADER.replace("[reasons]", EXAMPLE.replace(old, new) + "\n[reasons]"))
    with pytest.raises(CatalogError) as raised:
        load_metrics(tmp_path)
    assert without_line(raised.value).startswith(f"things.sql: {message}")


def test_the_page_shows_the_example_the_neighbours_and_the_query(tmp_path: Path) -> None:
    _metric(tmp_path, HEADER.replace("[reasons]", f"{EXAMPLE}\n{NEIGHBOUR}\n[reasons]"))
    page = render(load_metrics(tmp_path))
    assert "| `item_id` | `value` |\n|---|---|\n| a | 1 |\n| b | 2 |" in page
    assert "Of five the middle one is 3." in page
    assert "- Start: late" in page
    assert "```sql\nSELECT 1\n```" in page


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "things.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"things\.sql:1: does not start with a /\* … \*/ comment"):
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
    with pytest.raises(CatalogError, match=r"a_fact\.sql:3: depends_on: there is no table staged\.missing"):
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
    assert without_line(raised.value).startswith(message)
