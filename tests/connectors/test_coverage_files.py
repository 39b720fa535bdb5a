"""Coverage files: three formats, sums by lines, files that mean harm, and folders that grow."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Cursor, InputError, NotFound, SourceContext
from connectors.coverage_files import reports
from connectors.coverage_files.reports import Report, read_report
from connectors.coverage_files.source import CoverageFilesSource, Settings
from connectors.coverage_files.union import sum_up
from connectors.records import CoverageReport

SHA = "5ad1f6a1c6f04a1b8e0d2f8d6f0e4a5b7c9d1e3f"
DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def cobertura(
    files: dict[str, dict[int, int]],
    *,
    covered: int = 0,
    valid: int = 0,
    timestamp: str = "0",
    sources: Iterable[str] = (),
) -> str:
    """As the DTD has it; each method lists its lines a second time, as Cobertura itself does."""
    classes = "".join(
        f'<class name="C" filename="{name}" line-rate="0.5" branch-rate="0" complexity="0">'
        f'<methods><method name="m" signature="()V"><lines><line number="1" hits="99"/></lines></method>'
        f"</methods><lines>"
        + "".join(f'<line number="{line}" hits="{hits}" branch="false"/>' for line, hits in lines.items())
        + "</lines></class>"
        for name, lines in files.items()
    )
    below = "".join(f"<source>{one}</source>" for one in sources)
    return (
        f'<?xml version="1.0" ?>\n{DOCTYPE}\n<coverage line-rate="0.9" branch-rate="0" '
        f'lines-covered="{covered}" lines-valid="{valid}" timestamp="{timestamp}" version="7.6">'
        f"<sources>{below}</sources><packages><package name='p'><classes>{classes}</classes></package>"
        "</packages></coverage>"
    )


def lcov(files: dict[str, dict[int, int]]) -> str:
    return "TN:\n" + "".join(
        f"SF:{name}\nFNF:0\nFNH:0\n"
        + "".join(f"DA:{line},{hits}\n" for line, hits in lines.items())
        + f"LF:{len(lines)}\nLH:{sum(hits > 0 for hits in lines.values())}\nend_of_record\n"
        for name, lines in files.items()
    )


def coverage_py(files: dict[str, dict[int, int]]) -> str:
    return json.dumps(
        {
            "meta": {"format": 3, "version": "7.6.1", "timestamp": "2026-10-30T14:12:09.123456"},
            "files": {
                name: {
                    "executed_lines": [line for line, hits in lines.items() if hits],
                    "missing_lines": [line for line, hits in lines.items() if not hits],
                    "excluded_lines": [],
                    "summary": {},
                }
                for name, lines in files.items()
            },
            "totals": {},
        }
    )


def partly(covered: int, coverable: int) -> dict[int, int]:
    """Lines of which the first ones are covered."""
    return {line: int(line <= covered) for line in range(1, coverable + 1)}


WRITERS = {"a.xml": cobertura, "a.info": lcov, "a.json": coverage_py}


@pytest.fixture
def drop(tmp_path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / "coverage" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def make(tmp_path):
    def build(*components: str, **keys: Any) -> CoverageFilesSource:
        start = keys.pop("history_start", None)
        settings = Settings(name="files", kind="coverage_files", **keys)
        return CoverageFilesSource(
            settings, SourceContext(None, components or ("shop",), str(tmp_path), start)
        )

    return build


def fetch(source: CoverageFilesSource, cursor: Cursor | None = None) -> list[Any]:
    return list(source.fetch("commits", "shop", cursor or Cursor()))


def counts(batches: list[Any]) -> list[tuple[int, int]]:
    return [(one.covered_lines, one.coverable_lines) for batch in batches for one in batch.records]


# --- what is measured


@pytest.mark.parametrize("name", WRITERS)
def test_each_format_says_the_same(make, drop, name):
    drop(f"shop/2026-10-30_{SHA}/{name}", WRITERS[name]({"a.py": partly(2, 3), "b.py": partly(0, 2)}))
    (batch,) = fetch(make())
    assert batch.records == [
        CoverageReport(
            id=f"shop/2026-10-30_{SHA}",
            component="shop",
            sha=SHA,
            branch=None,
            flag=None,
            method="lines",
            measured_at=utc("2026-10-30T00:00:00Z"),
            covered_lines=2,
            coverable_lines=5,
            new_covered_lines=None,
            new_coverable_lines=None,
        )
    ]
    assert batch.is_final


def test_reports_are_summed_by_lines_and_not_averaged(make, drop):
    """90 of 100 and 10 of 300 are 100 of 400: 25 %, not the 46.7 % of both rates' mean."""
    drop(f"shop/2026-10-30_{SHA}/python.xml", cobertura({"a.py": partly(90, 100)}))
    drop(f"shop/2026-10-30_{SHA}/web.info", lcov({"a.ts": partly(10, 300)}))
    assert counts(fetch(make())) == [(100, 400)]


def test_reports_that_only_count_are_summed_too(make, drop):
    drop(f"shop/2026-10-30_{SHA}/a.xml", cobertura({}, covered=90, valid=100))
    drop(f"shop/2026-10-30_{SHA}/b.info", "TN:\nSF:x.c\nLF:300\nLH:10\nend_of_record\n")
    assert counts(fetch(make())) == [(100, 400)]


def test_a_file_in_several_reports_counts_once_with_all_that_is_covered(make, drop):
    """Unit tests cover 1 and 2, integration tests 2 and 3: three of four lines, not four of eight."""
    unit, integration = {1: 5, 2: 1, 3: 0, 4: 0}, {1: 0, 2: 7, 3: 1, 4: 0}
    drop(f"shop/2026-10-30_{SHA}/unit.json", coverage_py({"a.py": unit}))
    drop(f"shop/2026-10-30_{SHA}/integration.info", lcov({"a.py": integration}))
    assert counts(fetch(make())) == [(3, 4)]


def test_files_of_the_same_name_in_folders_of_their_own_are_two(make, drop):
    drop(f"shop/2026-10-30_{SHA}/frontend/lcov.info", lcov({"src/index": partly(1, 2)}))
    drop(f"shop/2026-10-30_{SHA}/backend/lcov.info", lcov({"src/index": partly(2, 2)}))
    assert counts(fetch(make())) == [(3, 4)]


def test_files_of_the_same_name_below_two_sources_are_two(make, drop):
    """They have not the same lines, and one file has the same ones in every report of a commit."""
    for package, covered, coverable in (("till", 1, 2), ("stock", 2, 3)):
        text = cobertura({"__init__.py": partly(covered, coverable)}, sources=[f"/builds/{package}"])
        drop(f"shop/2026-10-30_{SHA}/{package}.xml", text)
    assert counts(fetch(make())) == [(3, 5)]


UNIT, INTEGRATION = {1: 1, 2: 1, 3: 0, 4: 0}, {1: 0, 2: 1, 3: 1, 4: 0}
FIRST, OTHER = "/builds/x1/0", "/builds/x1/1"


@pytest.mark.parametrize(
    ("unit", "integration"),
    [
        (cobertura({"a.py": UNIT}, sources=[FIRST]), cobertura({"a.py": INTEGRATION}, sources=[OTHER])),
        (cobertura({"a.py": UNIT}, sources=[FIRST]), coverage_py({"a.py": INTEGRATION})),
        (cobertura({"a.py": UNIT}, sources=[f"{FIRST}/src"]), coverage_py({"src/a.py": INTEGRATION})),
        (cobertura({f"{FIRST}/src/a.py": UNIT}, sources=[FIRST]), lcov({"src/a.py": INTEGRATION})),
        (coverage_py({"src/a.py": UNIT}), lcov({"a.py": INTEGRATION})),
        (coverage_py({"a.py": UNIT}), lcov({"src/a.py": INTEGRATION})),
        (lcov({f"{FIRST}/src/a.py": UNIT}), lcov({f"{OTHER}/src/a.py": INTEGRATION})),
        (lcov({f"{FIRST}/src/a.py": UNIT}), lcov({f"{FIRST}/src/a.py": INTEGRATION})),
        (cobertura({"a.py": UNIT}, sources=["src"]), coverage_py({"src/a.py": INTEGRATION})),
    ],
    ids=[
        "two checkouts",
        "source and none",
        "source deeper",
        "absolute below source",
        "ending",
        "beginning",
        "absolute in two checkouts",
        "absolute",
        "relative source",
    ],
)
def test_one_file_under_two_roots_counts_once(make, drop, unit, integration):
    """Unit tests cover 1 and 2, integration tests 2 and 3: three of four lines, not four of eight."""
    drop(f"shop/2026-10-30_{SHA}/unit.xml", unit)
    drop(f"shop/2026-10-30_{SHA}/integration.info", integration)
    assert counts(fetch(make())) == [(3, 4)]


def test_two_names_of_one_report_are_two_files_also_where_one_ends_with_the_other(make, drop):
    """By the shift that fits most files `a.py` is `src/a.py`, though `src/x/a.py` ends with it too."""
    near = {"a.py": partly(1, 2), "x/a.py": partly(1, 3)}
    far = {f"src/{name}": lines for name, lines in near.items()}
    drop(f"shop/2026-10-30_{SHA}/near.json", coverage_py(near))
    drop(f"shop/2026-10-30_{SHA}/far.info", lcov(far))
    assert counts(fetch(make())) == [(2, 5)]


def test_folders_of_one_checkout_are_told_apart(make, drop):
    drop(f"shop/2026-10-30_{SHA}/all.info", lcov({"/w/a.ts": partly(1, 2), "/w/lib/a.ts": partly(0, 3)}))
    drop(f"shop/2026-10-30_{SHA}/lib.info", lcov({"/w/lib/a.ts": partly(3, 3)}))
    assert counts(fetch(make())) == [(4, 5)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (coverage_py({"x/a.py": {1: 1}, "y/a.py": {1: 1}}), lcov({"a.py": {1: 1}})),
        (
            cobertura({"a.py": {1: 1}, "b.py": {1: 1}}, sources=[FIRST]),
            cobertura({"a.py": {1: 1}, "b.py": {7: 1}}, sources=[OTHER]),
        ),
    ],
    ids=["two candidates", "contradiction"],
)
def test_where_it_is_not_clear_which_files_are_the_same_it_is_said(make, drop, one, other):
    drop(f"shop/2026-10-30_{SHA}/one.xml", one)
    drop(f"shop/2026-10-30_{SHA}/other.info", other)
    with pytest.raises(InputError, match=r"which of their files are the same\. Put the reports of each part"):
        fetch(make())


def test_a_file_of_several_classes_is_one_file(make, drop):
    """Inner classes name the same file; the counts in the header would have it twice."""
    text = cobertura({"A.java": {1: 1, 2: 0}}).replace(
        "</classes>",
        '<class name="A$1" filename="A.java"><lines><line number="2" hits="3"/></lines></class></classes>',
    )
    drop(f"shop/2026-10-30_{SHA}/a.xml", text)
    assert counts(fetch(make())) == [(2, 2)]


def test_lines_of_methods_are_not_counted_again(make, drop):
    drop(f"shop/2026-10-30_{SHA}/a.xml", cobertura({"a.py": {5: 0}}))
    assert counts(fetch(make())) == [(0, 1)]


@pytest.mark.parametrize("name", WRITERS)
def test_nothing_that_could_be_covered_is_no_measurement(make, drop, name):
    """software-gardening/almanack#363: an empty report must not become a false zero, nor 100 %."""
    drop(f"shop/2026-10-30_{SHA}/{name}", WRITERS[name]({}))
    (batch,) = fetch(make())
    assert (batch.records, batch.is_final) == ([], True)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b"]), st.dictionaries(st.integers(1, 6), st.booleans()), max_size=2
        ),
        max_size=4,
    )
)
def test_any_split_into_reports_gives_the_union_of_lines(parts):
    read = []
    for part in parts:
        report = Report()
        for file, lines in part.items():
            for line, is_covered in lines.items():
                report.add(file, line, is_covered=is_covered)
        read.append(("tree", report))
    every = {(file, line) for part in parts for file, lines in part.items() for line in lines}
    hit = {(file, n) for part in parts for file, lines in part.items() for n, yes in lines.items() if yes}
    assert sum_up(read) == (len(hit), len(every))


# --- when it was measured


@pytest.mark.parametrize(
    ("folder", "timestamp", "at"),
    [
        ("2026-10-30T141209Z", "1793300000", "2026-10-30T14:12:09Z"),
        ("2026-10-30T1412Z", "0", "2026-10-30T14:12:00Z"),
        ("2026-10-30", "1793369529", "2026-10-30T14:12:09Z"),
        ("2026-10-30", "1793369529123", "2026-10-30T14:12:09.123Z"),
        ("2026-10-30", "1793369529.5", "2026-10-30T14:12:09.5Z"),
        ("2026-10-30", "0", "2026-10-30T00:00:00Z"),
        ("2026-10-30", "yesterday", "2026-10-30T00:00:00Z"),
        ("2026-10-30", "1e300", "2026-10-30T00:00:00Z"),
        ("2026-10-30", "1761833529", "2026-10-30T00:00:00Z"),
    ],
    ids=["time", "minute", "seconds", "milliseconds", "fraction", "none", "text", "huge", "another day"],
)
def test_the_folder_tells_the_day_and_the_report_the_time_of_day(make, drop, folder, timestamp, at):
    """1793369529 is 2026-10-30 14:12:09 UTC; producers write seconds or milliseconds."""
    drop(f"shop/{folder}_{SHA}/a.xml", cobertura({"a": {1: 1}}, timestamp=timestamp))
    ((record,),) = [batch.records for batch in fetch(make())]
    assert record.measured_at == utc(at)


def test_nothing_older_than_the_start_of_history(make, drop):
    for day in ("2026-09-29", "2026-09-30", "2026-10-01"):
        drop(f"shop/{day}_{SHA}/a.info", lcov({"a": {1: 1}}))
    (batch,) = fetch(make(history_start=utc("2026-09-30T22:00:00Z")))
    assert [one.id[5:15] for one in batch.records] == ["2026-09-30", "2026-10-01"], "the day may be the same"


# --- what is read again


def test_only_new_and_changed_commits_are_read_again(make, drop):
    for day in ("2026-10-28", "2026-10-29"):
        drop(f"shop/{day}_{SHA}/unit.info", lcov({"a": partly(1, 2)}))
    (first,) = fetch(make())
    assert counts([first]) == [(1, 2), (1, 2)]
    (again,) = fetch(make(), first.cursor)
    assert (again.records, again.cursor) == ([], first.cursor)
    drop(f"shop/2026-10-28_{SHA}/late.info", lcov({"b": partly(2, 2)}))
    drop(f"shop/2026-10-01_{SHA}/unit.info", lcov({"a": partly(0, 1)}))
    (third,) = fetch(make(), first.cursor)
    assert counts([third]) == [(0, 1), (3, 4)], "an older day that arrives late, and a report added later"


def test_a_report_that_is_cleared_away_does_not_rewrite_what_was_measured(make, drop):
    """Unit and integration tests cover 100 of 100; without unit.info it would be 10 of 100."""
    folder = f"shop/2026-10-28_{SHA}"
    unit = drop(f"{folder}/unit.info", lcov({"a": partly(100, 100)}))
    drop(f"{folder}/integration.info", lcov({"a": partly(10, 100)}))
    drop(f"shop/2026-10-27_{SHA}/unit.info", lcov({"a": partly(1, 1)}))
    (first,) = fetch(make())
    unit.unlink()
    (second,) = fetch(make(), first.cursor)
    assert counts([first, second]) == [(1, 1), (100, 100)]
    for path in (unit.parent.parent / f"2026-10-27_{SHA}").iterdir():
        path.unlink()
    (unit.parent.parent / f"2026-10-27_{SHA}").rmdir()
    (third,) = fetch(make(), second.cursor)
    assert counts([third]) == []
    assert len(third.cursor.watermark) < len(second.cursor.watermark) < len(first.cursor.watermark)


def test_a_report_that_is_written_anew_is_read_again(make, drop):
    path = drop(f"shop/2026-10-28_{SHA}/unit.info", lcov({"a": partly(1, 2)}))
    (first,) = fetch(make())
    drop(f"shop/2026-10-28_{SHA}/unit.info", lcov({"a": partly(2, 2)}))
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    assert counts(fetch(make(), first.cursor)) == [(2, 2)]


def test_many_commits_come_in_batches_and_a_cut_walk_goes_on(make, drop):
    for number in range(120):
        drop(f"shop/2026-10-28_{number:07x}/a.info", lcov({"a": {1: 1}}))
    batches = fetch(make())
    assert [(len(batch.records), batch.is_final) for batch in batches] == [
        (50, False),
        (50, False),
        (20, True),
    ]
    rest = fetch(make(), Cursor.from_json(batches[0].cursor.to_json()))
    assert [len(batch.records) for batch in rest] == [50, 20]


def test_one_file_at_fault_does_not_cost_the_other_commits(make, drop):
    drop(f"shop/2026-10-27_{SHA}/a.xml", "<coverage line-rate='1'><packages>")
    drop(f"shop/2026-10-28_{SHA}/a.info", lcov({"a": {1: 1}}))
    drop(f"shop/2026-10-29_{SHA}/a.json", "{}")
    walk = make().fetch("commits", "shop", Cursor())
    batch = next(walk)
    assert (len(batch.records), batch.is_final) == (1, False)
    with pytest.raises(InputError, match=rf"; also at fault: files/shop/2026-10-29_{SHA}/a\.json$") as raised:
        next(walk)
    assert [one.place for one in raised.value.unread] == [
        f"files/shop/2026-10-27_{SHA}/a.xml",
        f"files/shop/2026-10-29_{SHA}/a.json",
    ]
    drop(f"shop/2026-10-27_{SHA}/a.xml", cobertura({"a": {1: 1}}))
    drop(f"shop/2026-10-29_{SHA}/a.json", coverage_py({"a": {1: 1}}))
    assert len(counts(fetch(make(), batch.cursor))) == 2, "the next run reads those that were mended"


# --- files that mean harm, or were cut


BOMB = (
    '<!DOCTYPE c [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    '<coverage line-rate="1">&c;</coverage>'
)
OUTSIDE = (
    '<!DOCTYPE c [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    '<coverage line-rate="1"><sources><source>&secret;</source></sources></coverage>'
)
REMOTE = '<!DOCTYPE c [<!ENTITY % far SYSTEM "http://127.0.0.1:9/x.dtd"> %far;]><coverage line-rate="1"/>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, REMOTE], ids=["bomb", "file", "network"])
def test_entities_are_refused(drop, text):
    with pytest.raises(InputError, match=r"^here: declares XML entities, which no report needs\. "):
        read_report("here", drop("a.xml", text))


def test_the_documented_doctype_is_not_fetched(drop):
    """Cobertura's own DOCTYPE names a server: sockets are refused in tests, so fetching would fail."""
    assert sum_up([("", read_report("here", drop("a.xml", cobertura({"a": {1: 1}}))))]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("\n  \n", "is empty"),
        ("hello", "is no coverage report"),
        ("<html></html>", "is XML, but not Cobertura's"),
        ('<report name="jacoco"/>', "is XML, but not Cobertura's"),
        ('<coverage generated="1" clover="3.2.0"><project/></coverage>', "is XML, but not Cobertura's"),
        ('{"total": {"lines": {"total": 1}}}', "is JSON, but not coverage.py's"),
        ('{"meta": {}, "files": []}', "is JSON, but not coverage.py's"),
        ('{"meta": {}, "files": {"a": {"executed_lines": [1]}}}', "has an unknown form"),
        ('{"meta": {}, "files": {"a": {"executed_lines": ["x"], "missing_lines": []}}}', "unknown form"),
        ('{"meta": {}, "files": {"a": {"executed_lines": [true], "missing_lines": []}}}', "unknown form"),
        ('{"meta": NaN}', "has an unknown form"),
        ('{"meta": {}, "files": {', "has an unknown form"),
        ('{"a":' * 100_000, "is not complete"),
        ("TN:\nSF:a.c\nDA:1,1\n", "is not complete"),
        ("TN:\nSF:a.c\nDA:1,1\nSF:b.c\nDA:1,1\nend_of_record\n", "is not complete"),
        ("TN:\nSF:a.c\nLF:3\nLH:4\nend_of_record\n", "counts more covered lines than there are"),
        ("TN:\nSF:a.c\nLF:9\nLH:1\nend_of_record\nSF:b.c\nLF:1\nLH:2\nend_of_record\n", "counts more"),
        ("TN:\nSF:a.c\nLF:3\nLH:-1\nend_of_record\n", "counts more covered lines than there are"),
        (cobertura({}, covered=11, valid=10), "counts more covered lines than there are"),
        (cobertura({}, covered=-1, valid=10), "or fewer than none"),
        ("TN:\nSF:a.c\nDA:one,1\nend_of_record\n", "has an unknown form"),
        ("TN:\nSF:a.c\nDA:1\nend_of_record\n", "has an unknown form"),
        (cobertura({"a": {1: 1}})[:-40], "is not complete"),
        (cobertura({"a": {1: 1}}).replace('number="1" hits="1"', 'number="1"'), "has an unknown form"),
        ('<coverage line-rate="1"/>', "has an unknown form"),
    ],
)
def test_a_malformed_file_is_one_line_without_its_content(drop, text, what):
    with pytest.raises(InputError, match=f"^here: .*{what}") as raised:
        read_report("here", drop("a", text))
    assert "\n" not in str(raised.value)
    assert "hello" not in str(raised.value)


def test_a_file_that_is_too_large_is_not_read(drop, monkeypatch):
    monkeypatch.setattr(reports, "MOST_BYTES", 2**20)
    path = drop("a.info", "TN:\n" + "#" * 2**20)
    with pytest.raises(InputError, match=r"^here: is larger than 1 MiB\. "):
        read_report("here", path)


def test_deep_nesting_is_read_or_refused_but_never_a_crash(drop):
    inside = "<x>" * 100_000 + "</x>" * 100_000
    path = drop("a.xml", f'<coverage line-rate="1" lines-covered="1" lines-valid="2">{inside}</coverage>')
    assert sum_up([("", read_report("here", path))]) == (1, 2)


def test_a_byte_order_mark_is_no_content(drop):
    for name, writer in WRITERS.items():
        path = drop(name, "\ufeff" + writer({"a": {1: 1}}))
        assert sum_up([("", read_report("here", path))]) == (1, 1)


# --- folders


def test_what_is_hidden_unfinished_or_a_link_is_ignored(make, drop, tmp_path):
    drop(f"shop/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    for name in (".hidden.info", "b.info.tmp", "notes.txt"):
        drop(f"shop/2026-10-30_{SHA}/{name}", "not a report")
    drop("shop/.2026-10-29_5ad1f6a/a.info", "not a report")
    drop("shop/2026-10-29_5ad1f6a.tmp/a.info", "not a report")
    outside = tmp_path / "outside.info"
    outside.write_text(lcov({"b": partly(9, 9)}), encoding="utf-8")
    (tmp_path / f"coverage/shop/2026-10-30_{SHA}/link.info").symlink_to(outside)
    assert counts(fetch(make())) == [(1, 1)]


def test_a_pipe_is_no_report(make, drop, tmp_path):
    """Opening one would wait for ever."""
    drop(f"shop/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    os.mkfifo(tmp_path / f"coverage/shop/2026-10-30_{SHA}/b.info")
    assert counts(fetch(make())) == [(1, 1)]


def test_a_component_that_is_a_link_is_none(make, drop, tmp_path):
    drop(f"till/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    (tmp_path / "coverage/shop").symlink_to(tmp_path / "coverage/till")
    with pytest.raises(NotFound, match=r"^files/shop: has no folder of this name"):
        fetch(make())


def test_patterns_choose_the_reports(make, drop):
    drop(f"shop/2026-10-30_{SHA}/coverage.json", coverage_py({"a": {1: 1}}))
    drop(f"shop/2026-10-30_{SHA}/package.json", "{}")
    assert counts(fetch(make(files=["coverage*.json"]))) == [(1, 1)]


def test_the_folder_may_be_elsewhere(make, tmp_path):
    path = tmp_path / "artefacts" / "shop" / f"2026-10-30_{SHA}" / "a.info"
    path.parent.mkdir(parents=True)
    path.write_text(lcov({"a": {1: 1}}), encoding="utf-8")
    assert counts(fetch(make(path=str(tmp_path / "artefacts")))) == [(1, 1)]


@pytest.mark.parametrize("scope", ["till", "../outside", "/etc"])
def test_a_component_without_a_folder(make, drop, tmp_path, scope):
    drop(f"shop/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    (tmp_path / "outside").mkdir()
    with pytest.raises(NotFound, match=rf"^files/{scope}: has no folder of this name"):
        list(make(scope).fetch("commits", scope, Cursor()))


def test_a_component_may_stand_in_a_subfolder(make, drop):
    drop(f"acme/shop/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    source = make("acme/shop")
    (batch,) = source.fetch("commits", "acme/shop", Cursor())
    assert [one.component for one in batch.records] == ["acme/shop"]


def test_check_tells_what_is_read_and_what_is_not(make, drop):
    drop(f"shop/2026-10-30_{SHA}/a.info", lcov({"a": {1: 1}}))
    for name in ("latest", "2026-13-45_5ad1f6a", "2026-10-30_main"):
        drop(f"shop/{name}/a.info", "")
    drop(f"till/2026-10-30_{SHA}/a.xml", BOMB)
    drop(f"empty/2026-10-30_{SHA}/a.info", lcov({}))
    (Path(drop("none/x", "")).parent / "x").unlink()
    findings = make("shop", "till", "empty", "none", "gone").check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("files", True),
        ("files/shop", True),
        ("files/shop/2026-10-30_main", False),
        ("files/shop/2026-13-45_5ad1f6a", False),
        ("files/shop/latest", False),
        (f"files/till/2026-10-30_{SHA}/a.xml", False),
        ("files/empty", False),
        ("files/none", False),
        ("files/gone", False),
    ]
    assert findings[1].message == "1 commit"
    assert "<yyyy-mm-dd>_<commit>" in findings[2].message


def test_check_without_a_folder(make):
    (finding,) = make().check()
    assert (finding.where, finding.is_fine) == ("files", False)
