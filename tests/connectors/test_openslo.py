"""OpenSLO files: what a definition says, files that mean harm, and definitions that are not clear."""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Cursor, InputError, SourceContext
from connectors.openslo import MOST_BYTES, OpenSloSource, Settings
from connectors.records import ServiceLevelObjective
from pipelines.warehouse import Warehouse

# After the specification's own example: https://github.com/OpenSLO/OpenSLO#slo
AVAILABILITY = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-availability
  displayName: Answers of the shop
spec:
  description: Most requests are answered.
  service: shop
  indicator:
    metadata:
      name: shop-errors
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: good}}}
        total: {metricSource: {type: Prometheus, spec: {query: total}}}
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""


@pytest.fixture
def drop(tmp_path):
    def write(text: str, name: str = "shop.yaml") -> Path:
        path = tmp_path / "openslo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def make(tmp_path):
    def build(*indicators: str, **keys: Any) -> OpenSloSource:
        settings = Settings(name="slo", kind="openslo", **keys)
        return OpenSloSource(settings, SourceContext(None, indicators, str(tmp_path)))

    return build


def read(source: OpenSloSource) -> list[ServiceLevelObjective]:
    return [one for batch in source.fetch("objectives", "*", Cursor()) for one in batch.records]


def test_a_definition_is_understood_field_by_field(make, drop):
    drop(AVAILABILITY)
    source = make()
    (batch,) = source.fetch("objectives", "*", Cursor())
    assert batch.records == [
        ServiceLevelObjective(
            id="shop-availability",
            service="shop",
            name="Answers of the shop",
            target_ratio=0.999,
            window_days=28,
            indicator="shop-errors",
            url=None,
        )
    ]
    assert batch.is_final
    assert source.scopes("objectives") == ("*",)


def test_several_objectives_of_one_document_have_ids_of_their_own(make, drop):
    both = "    - {displayName: Good, targetPercent: 99.99}\n    - target: 0.95\n"
    drop(AVAILABILITY.replace("    - target: 0.999\n", both))
    assert [(one.id, one.name, one.target_ratio) for one in read(make())] == [
        ("shop-availability", "Answers of the shop: Good", 0.9999),
        ("shop-availability/2", "Answers of the shop: 2", 0.95),
    ]


@pytest.mark.parametrize(
    ("duration", "days"),
    [("30d", 30), ("4w", 28), ("1M", 30), ("1Q", 90), ("1Y", 365), ("48h", 2), ("36h", None), ("5m", None)],
)
def test_windows_are_days(make, drop, duration, days):
    drop(AVAILABILITY.replace("4w", duration))
    assert [one.window_days for one in read(make())] == [days]


@pytest.mark.parametrize(
    ("change", "attribute", "value"),
    [
        (("  timeWindow:\n    - duration: 4w\n      isRolling: true\n", ""), "window_days", None),
        (("  displayName: Answers of the shop\n", ""), "name", "shop-availability"),
        (("target: 0.999", "targetPercent: 99.95"), "target_ratio", 0.9995),
        (("target: 0.999", "target: 0"), "target_ratio", 0.0),
    ],
)
def test_what_is_optional(make, drop, change, attribute, value):
    drop(AVAILABILITY.replace(*change))
    assert [getattr(one, attribute) for one in read(make())] == [value]


def test_an_indicator_may_be_referred_to(make, drop):
    start, end = AVAILABILITY.index("  indicator:"), AVAILABILITY.index("  timeWindow:")
    drop(AVAILABILITY[:start] + "  indicatorRef: shared-errors\n" + AVAILABILITY[end:])
    assert [one.indicator for one in read(make())] == ["shared-errors"]


def test_other_documents_are_passed_over(make, drop):
    others = (
        "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\n---\nkind: SLO\n---\n- a list\n---\n"
    )
    drop(others + AVAILABILITY + "---\napiVersion: apps/v1\nkind: Deployment\n", "deep/below/all.yml")
    drop("plain: text", "notes.yaml")
    drop("not yaml: [", "notes.txt")
    assert [one.id for one in read(make())] == ["shop-availability"]


def test_ids_stay_when_objectives_are_added_or_named_anew(make, drop):
    """Readings refer to them."""
    one = "    - target: 0.999\n"
    drop(AVAILABILITY)
    before = {found.id for found in read(make())}
    drop(AVAILABILITY.replace(one, f"{one}    - {{displayName: Fast, target: 0.9}}\n"))
    both = {found.id for found in read(make())}
    drop(AVAILABILITY.replace(one, f"{one}    - {{displayName: Quick, target: 0.9}}\n"))
    assert before < both == {found.id for found in read(make())}


def test_documents_of_other_tools_may_hold_what_only_these_know(make, drop):
    merged = "base: &b {k: 1}\nwith: {<<: *b}\n---\nResources: !Ref Bucket\n---\nday: 2026-13-45\n---\n"
    drop(merged + AVAILABILITY)
    drop("Outputs: {Name: !GetAtt [a, b]}\n", "stack.yml")
    assert [one.id for one in read(make())] == ["shop-availability"]


def test_hidden_folders_pipes_and_what_lies_elsewhere_are_not_read(make, drop, tmp_path):
    path = drop(AVAILABILITY)
    for number, name in enumerate((".git/x.yaml", ".hidden.yaml")):
        drop(AVAILABILITY.replace("shop-av", f"hidden-{number}-av"), name)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text(AVAILABILITY.replace("shop-av", "outside-av"), encoding="utf-8")
    (path.parent / "link.yaml").symlink_to(outside / "x.yaml")
    (path.parent / "folder").symlink_to(outside)
    os.mkfifo(path.parent / "pipe.yaml")
    assert [one.id for one in read(make())] == ["shop-availability"]


def test_an_empty_folder_defines_nothing(make, tmp_path):
    (tmp_path / "openslo").mkdir()
    assert read(make()) == []


def test_patterns_choose_objectives(make, drop):
    drop(AVAILABILITY)
    drop(AVAILABILITY.replace("shop-availability", "till-availability"), "till.yaml")
    assert [one.id for one in read(make(exclude=["till*"]))] == ["shop-availability"]
    assert [one.id for one in read(make(include=["till*"]))] == ["till-availability"]


# --- files at fault


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("openslo/v1", "openslo/v1alpha"), r"another version of OpenSLO\. Convert it to openslo/v1"),
        (("target: 0.999", "target: 99.9"), "unknown form"),
        (("target: 0.999", "target: true"), "unknown form"),
        (("target: 0.999", "target: '0.999'"), "unknown form"),
        (("target: 0.999", "displayName: x"), "lacks 'targetPercent'"),
        (("    - target: 0.999", "    nothing: 1"), "unknown form"),
        (("  service: shop\n", ""), "lacks 'service'"),
        (("  service: shop\n", "  service: 7\n"), "unknown form"),
        (("name: shop-availability", "name: [shop]"), "unknown form"),
        (("4w", "a while"), "unknown form"),
        (("metadata:\n", "metadata: !!python/object/apply:os.getcwd []\nx:\n"), "is not plain YAML"),
        (("  service: shop", "  service: 2026-13-45"), "is not plain YAML"),
        (("spec:", "spec: ["), "is not plain YAML"),
    ],
)
def test_a_document_that_cannot_be_read_is_one_line(make, drop, change, message):
    drop(AVAILABILITY.replace(*change, 1))
    with pytest.raises(InputError, match=message) as raised:
        read(make())
    assert str(raised.value).startswith("slo/shop.yaml")
    assert "\n" not in str(raised.value)


def test_a_fault_names_the_line(make, drop):
    drop("a: 1\nb: [\n")
    with pytest.raises(InputError, match=r"^slo/shop\.yaml line 3: is not plain YAML"):
        read(make())


BOMB = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ALIASES = "a: &a [ha]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_merged_mappings_cannot_blow_up(make, drop):
    """Nine merges of nine merges, nine levels deep, are 387 million pairs."""
    drop(BOMB + AVAILABILITY)
    with pytest.raises(InputError, match=r"^slo/shop\.yaml line 2: is not plain YAML"):
        read(make())


def test_aliases_within_aliases_are_never_written_out(make, drop):
    drop(ALIASES + AVAILABILITY.replace("  service: shop", "  service: *i"))
    with pytest.raises(InputError, match="unknown form"):
        read(make())


def test_deep_nesting_is_refused(make, drop):
    drop("a: " + "[" * 20_000)
    with pytest.raises(InputError, match="is not plain YAML"):
        read(make())


def test_a_file_that_is_too_large_or_no_text(make, drop):
    drop("#" * (MOST_BYTES + 1), "large.yaml")
    drop("", "odd.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(
        InputError, match=r"^slo/large\.yaml: is larger than 1 MiB\. .*; also at fault: slo/odd\.yaml$"
    ) as raised:
        read(make())
    assert [one.place for one in raised.value.unread] == ["slo/large.yaml", "slo/odd.yaml"]


def test_a_name_that_comes_twice_is_not_guessed(make, drop):
    drop(AVAILABILITY, "a.yaml")
    drop(AVAILABILITY, "b.yaml")
    with pytest.raises(InputError, match=r"^slo/b\.yaml: defines 'shop-availability' a second time"):
        read(make())


def land(warehouse, run, source):
    """As a run does: what a failing reading has yielded until then is stored."""
    batches = []
    with suppress(InputError):
        batches.extend(source.fetch("objectives", "*", Cursor()))
    if batches:
        warehouse.land(run, "slo", "*", "objectives", batches)
    rows = warehouse.con.execute(
        "SELECT id, target_ratio, gone_at IS NULL FROM raw.service_level_objective ORDER BY id, valid_from"
    )
    return rows.fetchall()


def test_nothing_ends_while_a_file_cannot_be_read(make, drop, tmp_path):
    """What is told of objectives has to be all that there is."""
    warehouse = Warehouse(tmp_path / "w.duckdb")
    drop(AVAILABILITY, "good.yaml")
    other = drop(AVAILABILITY.replace("shop-", "till-"), "till.yaml")
    everything = [("shop-availability", 0.999, True), ("till-availability", 0.999, True)]
    assert land(warehouse, "1", make()) == everything
    other.write_text("{", encoding="utf-8")
    assert land(warehouse, "2", make()) == everything
    other.unlink()
    assert land(warehouse, "3", make()) == everything[:1]
    warehouse.close()


def test_a_target_that_is_changed_keeps_what_it_was(make, drop, tmp_path):
    """Last quarter's budget is that of last quarter's target."""
    warehouse = Warehouse(tmp_path / "w.duckdb")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    drop(AVAILABILITY)
    batches = [replace(one, server_date=yesterday) for one in make().fetch("objectives", "*", Cursor())]
    warehouse.land("1", "slo", "*", "objectives", batches)
    drop(AVAILABILITY.replace("0.999", "0.99"))
    rows = land(warehouse, "2", make())
    assert rows == [("shop-availability", 0.999, False), ("shop-availability", 0.99, True)]
    warehouse.close()


# --- check


def test_check_tells_the_count_the_faults_and_what_is_not_defined(make, drop):
    drop(AVAILABILITY, "good.yaml")
    drop("{", "bad.yaml")
    findings = make("shop-availability", "gone").check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("slo", True),
        ("slo/bad.yaml line 1", False),
        ("slo/gone", False),
    ]
    assert findings[0].message == "1 objective"
    assert "no objective has this id" in findings[2].message


def test_check_of_a_folder_that_is_empty_or_not_there(make, tmp_path):
    (missing,) = make().check()
    assert (missing.is_fine, missing.message) == (
        False,
        "there is no such folder. Correct path, or make the folder",
    )
    (tmp_path / "openslo").mkdir()
    (empty,) = make().check()
    assert (empty.is_fine, empty.message[:31]) == (False, "no file defines an objective. W")
