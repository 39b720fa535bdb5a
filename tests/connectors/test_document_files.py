"""What a Markdown document says of itself, whatever stands in it."""

import os
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import decision_records, postmortems, runbooks
from connectors.base import Cursor, InputError, NotFound, SourceContext, SourceSettings
from connectors.documents.files import LARGEST_DOCUMENT, LARGEST_FRONT_MATTER, find, first_day, parse, read
from connectors.records import Record


def test_fields_stand_in_the_front_matter_or_before_the_first_section():
    document = parse(
        "d.md",
        "---\nStatus: accepted\ndecision-makers:\n  - Ada\n  - Eve\ndate: 2026-03-20\nempty:\n"
        "nested: {a: 1}\n---\n# Title\n\nStatus: ignored, the front matter counts\n* Service: shop\n"
        "**Team:** till\n| Risk | low |\n\n## Section\n\nLater: this is text\n",
    )
    assert dict(document.fields) == {
        "status": "accepted",
        "decision_makers": ["Ada", "Eve"],
        "date": "2026-03-20",
        "nested": "",
        "service": "shop",
        "team": "till",
        "risk": "low",
    }
    assert (document.title, document.day("date"), document.day("status")) == (
        "Title",
        date(2026, 3, 20),
        None,
    )
    assert document.text("nothing", "team") == "till"
    assert document.texts("decision_makers") == ["Ada", "Eve"]
    assert document.texts("service") == ["shop"]


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# Use one queue", "Use one queue"),
        ("# 7. Use one queue", "Use one queue"),
        ("# 0007: Use one queue", "Use one queue"),
        ("# ADR-0007: Use one queue ##", "Use one queue"),
        ("# ADR 7 – Use one queue", "Use one queue"),
        ("# 2 queues", "queues"),
        ("# C#", "C#"),
        ("Use one queue\n=============", "Use one queue"),
        ("## Only a section", None),
        ("no heading", None),
        ("#no heading", None),
        ("---\ntitle: From the matter\n---\ntext", "From the matter"),
    ],
)
def test_titles(heading, title):
    assert parse("d.md", f"{heading}\n\ntext\n").title == title


def test_sections_end_at_the_next_heading_of_their_depth():
    document = parse("d.md", "# A\na\n## B\nb\n### C\nc\n## D\nd\n\nE\n---\ne\n")
    bodies = {section.heading: list(lines) for section, lines in document.bodies()}
    assert bodies["A"] == ["a", "b", "c", "d", "", "e"]
    assert bodies["B"] == ["b", "c"]
    assert (bodies["D"], bodies["E"]) == (["d", ""], ["e"])


def test_code_is_none_of_the_documents_words():
    text = "# A\n```sh\n# no heading\n```\n~~~~\n```\n# nor this\n~~~\n~~~~\n# B\n```\nopen to the end\n# C\n"
    assert [section.heading for section in parse("d.md", text).sections] == ["", "A", "B"]


@pytest.mark.parametrize(
    "matter",
    [
        "a: [1",
        "a: b: c",
        "\ta: 1",
        "a: 2026-02-30",
        "&a [*a",
        "!!python/object:os.system x",
        "[" * 3000,
        "a: \x00",
        f"a: 0x{'f' * 5000}",
        f"a: {'59:' * 3000}1",
        "a: &a [b]\nc: *a",
        "a: &a {b: c}\nd:\n  <<: *a",
    ],
)
def test_a_front_matter_that_is_no_yaml_is_named(matter):
    with pytest.raises(InputError, match=r"^d\.md: the front matter is not YAML\. Mend it, "):
        parse("d.md", f"---\n{matter}\n---\n# A\n")


def test_a_front_matter_is_short():
    long = "a: b\n" * (LARGEST_FRONT_MATTER // 5 + 1)
    with pytest.raises(InputError, match=r"^d\.md: the front matter is too large\. Shorten it, "):
        parse("d.md", f"---\n{long}---\n# A\n")


def test_a_file_whose_name_is_no_text_is_named_and_costs_no_other(tmp_path):
    for name in (b"\xff.md", b"good.md"):
        (tmp_path / os.fsdecode(name)).write_text("# One queue\n\nStatus: accepted\n")
    settings = decision_records.Settings(name="adr", kind="decision_records", path=str(tmp_path))
    source = decision_records.create(settings, SourceContext(None, (), "/nonexistent"))
    batches = source.fetch("decisions", "*", Cursor())
    assert [one.id for one in next(batches).records] == ["good.md"]
    with pytest.raises(InputError, match=r"^adr/\\udcff\.md: its name is not UTF-8 text\. Rename it"):
        next(batches)


@pytest.mark.parametrize("matter", ["just text", "- a\n- b", "1", "null"])
def test_a_front_matter_that_is_no_table_says_nothing(matter):
    assert parse("d.md", f"---\n{matter}\n---\n# A\n").fields == {}


def test_a_rule_in_the_text_is_no_front_matter():
    assert parse("d.md", "# A\n\n---\nstatus: accepted\n---\n").fields == {}
    assert parse("d.md", "---\nstatus: accepted\n").fields == {"status": "accepted"}, "a line like any other"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-01", date(2026, 10, 1)),
        ("accepted, 2026-10-01 and 2026-11-01", date(2026, 10, 1)),
        ("2026-13-01, then 2026-10-01", date(2026, 10, 1)),
        ("2026-10-01T09:00:00Z", date(2026, 10, 1)),
        ("1 October 2026", None),
        ("", None),
    ],
)
def test_days(text, day):
    assert first_day(text) == day


def test_documents_are_found_by_pattern_in_alphabetical_order(tmp_path):
    for name in ("b.md", "a/c.markdown", "a/C.MD", "x.txt", "README.md", ".hidden.d/e.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.md").mkdir()

    def names(**keys):
        return [shown for shown, _ in find(tmp_path, SourceSettings(name="s", kind="k", **keys))]

    assert names() == ["README.md", "a/C.MD", "a/c.markdown", "b.md"]
    assert names(exclude=["readme*"]) == ["a/C.MD", "a/c.markdown", "b.md"]
    assert names(include=["a/*"]) == ["a/C.MD", "a/c.markdown"]
    with pytest.raises(NotFound):
        find(tmp_path / "b.md", SourceSettings(name="s", kind="k"))


def test_what_cannot_be_read_is_named_without_its_content(tmp_path):
    (tmp_path / "latin.md").write_bytes(b"Z\xfcrich")
    (tmp_path / "large.md").write_bytes(b"x" * (LARGEST_DOCUMENT + 1))
    for name, what in (("latin", "is not UTF-8 text"), ("large", "is too large"), ("gone", "cannot be read")):
        with pytest.raises(InputError, match=rf"^{name}\.md: {what}"):
            read(tmp_path / f"{name}.md", f"{name}.md")
    (tmp_path / "mark.md").write_bytes(b"\xef\xbb\xbf---\r\na: b\r\n---\r\n# T\r\n")
    assert parse("mark.md", read(tmp_path / "mark.md", "mark.md")).fields == {"a": "b"}


def assert_one_line(error):
    assert "\n" not in str(error)


lines = st.sampled_from(
    [
        "---", "# T", "## Status", "Accepted", "Status: proposed", "```", "- [ ] do", "- [x] done 2026-02-30",
        "## Actions", "[a](b.md)", "[a](", "[a]: b", "<https://x.example.org>", "| a | b |", "===",
        "a: &b [*b]",
        "## Anti-patterns", "\x00", "\ufeff", "http://[", "[x](http://[::1)", "[y](\\\\x)", "[z](//host/a)",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(text=st.lists(lines | st.text(max_size=20), max_size=25).map("\n".join))
def test_whatever_stands_in_a_document_is_records_or_an_error_of_one_line(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("docs")
    (folder / "shop").mkdir()
    (folder / "shop" / "d.md").write_text("a runbook's file has a time of its own")
    context = SourceContext(None, (), "/nonexistent")
    sources = [
        module.create(module.Settings(name="docs", kind=module.KIND, path=str(folder)), context)
        for module in (decision_records, postmortems, runbooks)
    ]
    for source in sources:
        try:
            found = source.records(parse("shop/d.md", text.encode("utf-8", "replace").decode()))
        except InputError as error:
            found = []
            assert_one_line(error)
        assert all(isinstance(one, Record) for one in found)


@pytest.mark.parametrize(
    "text",
    ["# " + "#" * 200_000 + "x", "| a | x" + " " * 200_000, "## Actions\n- [ ] " + " " * 200_000 + "by x",
     '](a "' * 50_000, "](a(" * 50_000, "`" * 200_000, "## a" + " " * 200_000 + "b\n- x",
     "---\na: b\n" + "\n---x" * 50_000, "- " * 100_000 + ": x", "# patterns\n" * 50_000,
     "# p\n" + "## actions\n" * 50_000, "http://" * 30_000],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_a_hostile_document_ends(tmp_path, text):
    """Quadratic work on any of these would take minutes or hours."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "d.md").write_text(text)
    document = parse("shop/d.md", text)
    for module in (decision_records, postmortems, runbooks):
        keys = {"name": "docs", "kind": module.KIND, "path": str(tmp_path)}
        source = module.create(module.Settings(**keys), SourceContext(None, (), "/nonexistent"))
        try:
            source.records(document)
        except InputError:
            assert module is decision_records, "these have no status"
