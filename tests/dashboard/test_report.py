"""One health check in four forms: the page's HTML, Markdown, the HTML file and what the PDF is made of."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from markdown_it import MarkdownIt

from connectors.journal import entries as body
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from dashboard import figure_words, survey_words, words
from dashboard.health import chosen
from dashboard.health.compose import compose
from dashboard.health.document import HealthCheck
from dashboard.health.tables import extract, thaw
from dashboard.health.written import Entries, Note
from dashboard.report import files, html, markdown, page_html, pdf, svg, weekly
from pipelines.cli import main

QUARTER = "2026-Q3"
OPENS_AT = datetime(2026, 9, 19, 22, tzinfo=UTC)
"""The fake survey is published on 17 September; two full days later it is the 20th in Berlin."""
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[here](https://evil.example) ![x](https://evil.example/x.png)",
    "# no heading | no cell ` no code *no* __no__ ~~no~~",
    "1. no list",
    "- no list",
    "https://evil.example and www.evil.example",
    '#panic("typst") $x$ @ref <label> \\ #image("/etc/passwd")',
    "&lt;b&gt; &amp; &#64;",
    '"><svg onload=alert(1)> ${1+1} {{7*7}}',
    "=HYPERLINK(1)",
]
ONE_REVISION = "--revision: each scope is frozen by itself. Name one alone with --scope"
OWN = "--first-look: is one team's own. Name that team alone with --scope"
ANOTHER = "Name another file with --output"
MEANT = "Did you mean team:beacon?"
MONDAY = date(2026, 10, 5)


def written(text: str, scope: str = "team:beacon") -> Entries:
    """Something of every kind, and this text in each of its fields; the journal refuses an @."""
    text = text.replace("@", "")
    common = {"scope": scope, "quarter": QUARTER}
    agreed = {"what": text, "answers": text, "owner": text, "known_by": text, "effort": "small"}
    one = body.Indicator(
        metric="change_lead_time", statistic="p50", baseline_quarter="2026-Q2", expected="down"
    )
    bodies = [
        body.Theme(**common, sentence=text, why=text, indicators=(one,)),
        body.Action(**common | {"quarter": "2026-Q2"}, **agreed, due=MONDAY, update=text, issue=text),
        body.Action(**common, **agreed, due=MONDAY),
        body.Decision(**common, what=text, risk="high", reach="team", owner_level="team", proposed_on=MONDAY),
        body.Annotation(scope=scope, kind="event", on=date(2026, 8, 3), text=text),
        body.WentWell(**common, text=text),
        body.SaidDid(**common, said=text, did=text),
        body.Context(**common, text=text),
        body.NotKnown(**common, text=text),
        body.Agreement(scope=scope, kind="error_budget_policy", text=text, valid_from=date(2026, 1, 1)),
    ]
    return Entries(tuple(Note(one, MONDAY) for one in bodies))


@pytest.fixture(scope="session")
def path(published: Path) -> str:
    return str(next((published / "snapshots").glob("*.duckdb")))


@pytest.fixture(scope="session")
def checks(path: str) -> dict[str, HealthCheck]:
    return {
        scope: compose(path, written("Deploy on every merge", scope), scope, QUARTER)
        for scope in ("organisation", "department:platform", "team:beacon", "team:grove")
    }


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace(markdown.JOINER, "")).strip()


def of_markup(markup: str) -> str:
    return flat(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?b>", "", markup))))


def tokens(text: str) -> Iterator[str]:
    """The kinds of everything that a reader of Markdown makes of it."""
    for block in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield block.type
        yield from (inline.type for inline in block.children or ())


def of_markdown(text: str) -> str:
    return of_markup(MarkdownIt("commonmark").enable("table").render(text))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def of_typst(check: HealthCheck) -> str:
    return flat(
        " ".join(
            one for one in strings(json.loads(pdf.document([check], {}))) if not one.startswith("<svg xmlns")
        )
    )


def forms(check: HealthCheck) -> dict[str, str]:
    page = html.head(check) + "".join(one.markup for one in html.sections(check))
    return {
        "page": of_markup(page),
        "markdown": of_markdown(markdown.render(check)),
        "file": of_markup(page_html.render([check]).partition("<body>")[2]),
        "typst": of_typst(check),
    }


def scores(check: HealthCheck) -> Iterator[str]:
    for said in check.indicators.people:
        yield said.name
        if said.now is not None and said.now.value is not None:
            yield from (survey_words.value(said.now), survey_words.answered(said.now))
        else:
            yield survey_words.withheld(said.now.reason if said.now else None)[1]


def told(check: HealthCheck) -> Iterator[str]:
    """Every number, reason and sentence that must be read in each form; the scores are those of `scores`."""
    shown = [one.figure for one in check.outcomes]
    for figure in [*shown, *check.indicators.systems, *(item.figure for item in check.governance)]:
        yield figure.definition.title
        if figure.now is not None and figure.now.value is not None:
            yield figure.scale.full(figure.now.value)
    for figure in shown:
        if figure.now is None or figure.now.value is None:
            yield figure_words.missing(figure)
        else:
            yield from filter(None, [figure_words.counted(figure), figure_words.interval(figure)])
    for point in check.talk.points:
        yield from (point.sentence, *point.evidence, point.question)
    for pair in check.pairs:
        yield from (pair.name, pair.question)
    for limit in check.cannot_tell:
        yield limit.sentence
    yield from (check.title, check.name, check.lede, check.talk.rule, check.talk.close)
    yield from (words.moment(check.header.as_of), *check.header.rests_on)
    for action in check.next.actions:
        yield from (action.what, action.owner, words.day(action.due), action.known_by)


@pytest.mark.parametrize("scope", ["organisation", "department:platform", "team:beacon", "team:grove"])
def test_every_number_and_every_reason_is_in_every_form(checks: dict[str, HealthCheck], scope: str) -> None:
    expected = {flat(one) for one in [*told(checks[scope]), *scores(checks[scope])] if one}
    assert len(expected) > 40
    for form, text in forms(checks[scope]).items():
        assert {one for one in expected if one not in text} == set(), form


def test_the_fake_organisation_has_what_the_forms_must_show(checks: dict[str, HealthCheck]) -> None:
    """What changed, what is withheld, scores, withheld scores, pairs with and without a field."""
    assert any(one.figure.state == "low_coverage" for one in checks["team:grove"].outcomes)
    assert checks["team:beacon"].talk.points or checks["team:beacon"].pairs
    assert any(
        said.now and said.now.value is None for said in checks["department:platform"].indicators.people
    )
    assert any(pair.course for pair in checks["organisation"].pairs)
    assert all(pair.course is None for pair in checks["team:beacon"].pairs)


@pytest.fixture(scope="session")
def content(path: str) -> str:
    """What is kept of Beacon's quarter where it is frozen."""
    return extract(path, written("Deploy on every merge"), "team:beacon", QUARTER)


def test_a_frozen_quarter_is_rendered_to_the_same_bytes_without_its_snapshot(
    checks: dict[str, HealthCheck], content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, (rows, entries) = checks["team:beacon"], thaw(content)
    opened, connect = set(), duckdb.connect

    def watched(path: str, **options: bool) -> duckdb.DuckDBPyConnection:
        opened.add(path)
        return connect(path, **options)

    monkeypatch.setattr(duckdb, "connect", watched)
    after = compose(rows, entries, "team:beacon", QUARTER)
    assert markdown.render(after) == markdown.render(before)
    assert page_html.render([after]) == page_html.render([before])
    assert opened == {rows}


class Tags(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_from_outside_stays_a_text(path: str, text: str) -> None:
    check = replace(compose(path, written(text), "team:beacon", QUARTER), lede=text)
    plain = compose(path, written("Harmless"), "team:beacon", QUARTER)
    for form, whole in forms(check).items():
        assert flat(text) in whole, form
        assert whole.count(flat(text.replace("@", ""))) >= 15, form
    for one in (check, plain):
        page = page_html.render([one])
        assert {tag for tag, _ in Tags(page).found} & {"script", "img", "iframe", "object", "link"} == set()
        assert not [name for _, given in Tags(page).found for name in given if name.startswith("on")]
    kinds = list(tokens(markdown.render(check)))
    assert kinds == list(tokens(markdown.render(plain)))
    assert {"link_open", "image", "html_inline", "html_block", "code_inline"} & set(kinds) == set()
    assert "https://evil.example" not in markdown.render(check)


def test_what_was_typed_without_a_full_stop_gets_one(path: str) -> None:
    """In each form the sentences about a promise stay apart, whether people ended them or not."""
    check = compose(path, written("Half of it"), "team:beacon", QUARTER)
    expected = "Known by: Half of it. Half of it. Due 5 Oct 2026. Half of it."
    assert f'<div class="eo-note">{expected}</div>' in html.sections(check)[0].markup
    assert f"- **Moving**: Half of it. {expected}\n" in markdown.render(check)
    promises = json.loads(pdf.document([check], {}))["scopes"][0]["sections"][0]
    assert promises["items"][0]["note"] == expected


def test_typst_reads_hostile_texts_as_data(path: str) -> None:
    check = compose(path, written(" ".join(HOSTILE)[:190]), "team:beacon", QUARTER)
    assert pdf.render([replace(check, name=HOSTILE[7], lede=HOSTILE[7])], {}).startswith(b"%PDF")


def pages(made: bytes) -> int:
    """From the root of the tree of pages."""
    return max(int(count) for count in re.findall(rb"/Type\s*/Pages\s*/Count (\d+)", made))


def test_a_pdf_is_the_same_bytes_and_every_scope_begins_on_a_page_of_its_own(
    path: str, checks: dict[str, HealthCheck]
) -> None:
    leaders, team = checks["organisation"], checks["team:beacon"]
    charts = {team.scope: weekly.charts(path, team.scope, team.name, QUARTER)}
    one, other = pdf.render([leaders], charts), pdf.render([team], charts)
    both = pdf.render([leaders, team], charts)
    assert both == pdf.render([leaders, team], charts)
    assert (pages(one), pages(both)) == (2, 2 + pages(other))
    assert pages(other) in (2, 3)
    assert pages(other) >= pages(pdf.render([team], {}))


def drawn(picture: str) -> set[date]:
    """The Mondays at which a chart of the third quarter has a point; it is 340 wide and begins in January."""
    start, end = date(2026, 1, 1), date(2026, 10, 1)
    group = picture.partition("mark-symbol")[2].partition("</g>")[0]
    across = [float(x) for x in re.findall(r"translate\(([\d.]+),", group)]
    return {start + timedelta(round(x / 340 * (end - start).days)) for x in across}


def published_weeks(path: str, scope: str) -> set[date]:
    """The weeks that end within the year's first three quarters and have a number."""
    query = """select period_start from metric_values where scope = ? and metric = 'change_lead_time'
               and grain = 'week' and statistic = 'p50' and value is not null
               and period_start >= '2026-01-01' and period_end <= '2026-10-01'"""
    with duckdb.connect(path, read_only=True) as con:
        return {day for (day,) in con.execute(query, [scope]).fetchall()}


def test_a_chart_holds_no_week_that_is_withheld_and_none_after_its_quarter(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "changed.duckdb"
    shutil.copy(path, changed)
    with duckdb.connect(str(changed)) as con:
        con.execute(
            """update metric_values set value = null, low = null, high = null, withheld_reason = 'few_people'
               where grain = 'week' and (scope = 'team:cedar' or scope = 'team:atlas' and
                 period_start between '2026-08-01' and '2026-08-31')"""
        )
    monkeypatch.setattr(chosen, "WEEKLY", ("change_lead_time",))
    (whole,), (some,) = (weekly.charts(one, "team:atlas", "Atlas", QUARTER) for one in (path, str(changed)))
    assert drawn(whole.svg) == published_weeks(path, "team:atlas")
    august = {date(2026, 8, day) for day in (3, 10, 17, 24, 31)}
    assert drawn(some.svg) == drawn(whole.svg) - august
    assert len(drawn(whole.svg) & august) == 5
    (nothing,) = weekly.charts(str(changed), "team:cedar", "Cedar", QUARTER)
    assert (nothing.svg, nothing.alt) == ("", "")
    assert "too few could be linked" in nothing.finding
    assert re.search(r"light-dark|var\(|href=\"http|<script", whole.svg) is None


def test_pictures_have_plain_colours_and_the_words_of_the_page(checks: dict[str, HealthCheck]) -> None:
    drawn = json.loads(pdf.document([checks["organisation"]], {}))["scopes"][0]["sections"]
    pictures = [one for one in strings(drawn) if one.startswith("<svg xmlns")]
    assert len(pictures) > 30
    assert [one for one in pictures if re.search(r"var\(|light-dark|currentColor|class=", one)] == []
    assert svg.in_light("light-dark(#111111, #222222)") == "#111111"


def test_the_html_file_stands_alone(checks: dict[str, HealthCheck]) -> None:
    page = page_html.render([checks["organisation"], checks["team:beacon"]])
    tags = Tags(page).found
    assert {"src", "srcset", "onload"} & {name for _, given in tags for name in given} == set()
    assert re.search(r"@import|url\(", page) is None
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>Health check, Q3 2026: Fennel &amp; Rye</title>" in page
    assert "default-src 'none'" in page
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 2
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))
    assert "aria-level" not in page
    assert [given["href"] for tag, given in tags if tag == "a"] == ["#check-1", "#check-2"]


def gathered(home: Path, path: str, scopes: list[str], **asked: object) -> list[HealthCheck]:
    return [one.check for one in files.gather(path, home, files.Asked(scopes, QUARTER, **asked))]


def test_before_the_moment_nobody_but_the_team_reads_its_survey(published: Path, path: str) -> None:
    scopes = ["organisation", "department:market", "team:beacon"]
    for check in gathered(published, path, scopes, now=OPENS_AT - datetime.resolution):
        assert (check.indicators.people, check.pairs, check.header.answers) == ((), (), None)
        assert check.indicators.no_people == (
            "The teams have the first look at this survey. It opens to everybody on 20 Sep 2026, 00:00."
        )
        for text in forms(check).values():
            assert re.search(r"\d of \d+ answered|Psychological safety", text) is None
    own = gathered(published, path, ["team:beacon"], now=OPENS_AT - datetime.resolution, is_own_look=True)
    assert own[0].indicators.people
    assert all(check.indicators.people for check in gathered(published, path, scopes, now=OPENS_AT))


@pytest.fixture
def kept(published: Path, tmp_path: Path, content: str) -> Path:
    """A home of its own, in which Beacon's quarter is frozen twice."""
    (tmp_path / "snapshots").symlink_to(published / "snapshots")
    texts = ("First words", "Second words")
    froze(tmp_path, *(content.replace("Deploy on every merge", text) for text in texts))
    return tmp_path


def froze(home: Path, *contents: str) -> None:
    """Keep Beacon's quarter in the journal of a home folder: on 10 October, and every second day after."""
    journal = Journal.open(url_of(home))
    for number, held in enumerate(contents):
        journal.freeze(
            "team:beacon",
            QUARTER,
            held,
            definitions="v1",
            role="leader",
            at=datetime(2026, 10, 10 + 2 * number, 9, tzinfo=UTC),
            reason="A review.",
        )
    journal.close()


def test_the_newest_revision_is_what_is_reported(kept: Path, path: str) -> None:
    (check,) = gathered(kept, path, ["team:beacon"], now=datetime(2026, 11, 5, tzinfo=UTC))
    for form, text in forms(check).items():
        assert "Second words" in text, form
        assert "First words" not in text, form
        assert "frozen 12 Oct 2026, 11:00, revision 2" in text, form


def test_an_earlier_revision_is_reported_where_it_is_named(
    kept: Path, path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(kept)
    asked = ["--scope", "team:beacon", "--quarter", QUARTER, "--format", "markdown", "--revision"]
    assert command(capsys, monkeypatch, "--home", str(kept), "report", *asked, "1")[0] == 0
    text = (kept / "health-check-2026-Q3-team-beacon-revision-1.md").read_text("utf-8")
    assert "First words" in of_markdown(text)
    assert "Second words" not in of_markdown(text)
    assert "frozen 10 Oct 2026, 11:00, revision 1" in of_markdown(text)
    wanted = "team:beacon 2026-Q3: has no revision 3. There are 1 and 2"
    code, err = command(capsys, monkeypatch, "--home", str(kept), "report", *asked, "3")
    assert (code, err.splitlines()[-1]) == (2, f"error: {wanted}")
    made = files.gather(path, kept, files.Asked(["team:beacon"], QUARTER, OPENS_AT, revision=1))
    assert [name for _, name, _, _ in files.downloads(next(made), list)] == [
        f"health-check-2026-Q3-team-beacon-revision-1.{ending}" for ending in ("pdf", "md", "html")
    ]


def test_the_charts_of_a_frozen_quarter_are_those_of_the_day_it_was_frozen(
    path: str, tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = weekly.charts(path, "team:beacon", "Beacon", QUARTER)
    assert [bool(chart.svg) for chart in then] == [True, True]
    assert drawn(then[0].svg) == published_weeks(path, "team:beacon")
    label = "expected range"
    assert [(label in chart.legend, f">{label}" in chart.svg) for chart in then] == [(True, False)] * 2
    today = tmp_path / "today.duckdb"
    shutil.copy(path, today)
    with duckdb.connect(str(today)) as con:  # numbers, their ranges and the marks have moved since
        con.execute(
            """update metric_values set value = value * 3, low = low * 3, high = high * 3, rule = null,
                 expected_low = 1, expected_middle = 2, expected_high = 3"""
        )
    assert weekly.charts(str(today), "team:beacon", "Beacon", QUARTER)[0].svg != then[0].svg
    ours = tmp_path / "home"
    ours.mkdir()
    froze(ours, content)
    asked = files.Asked(["team:beacon"], QUARTER, now=datetime(2026, 11, 5, tzinfo=UTC))
    (made,) = files.gather(str(today), ours, asked)
    rendered = []
    monkeypatch.setattr(pdf, "render", lambda *given: rendered.append(given) or b"")
    today.unlink()
    files.report("pdf", [made])
    assert rendered == [([made.check], {"team:beacon": then}, set())]


def test_a_quarter_that_was_frozen_without_its_weeks_says_so_in_place_of_charts(content: str) -> None:
    held = json.loads(content)
    for name in ("period", "metric_values"):
        table = held["tables"][name]
        grain = [column for column, _ in table["columns"]].index("grain")
        kept = [row for row in table["rows"] if row[grain] == "quarter"]
        assert len(kept) < len(table["rows"])
        table["rows"] = kept
    rows, entries = thaw(json.dumps(held))
    (instead,) = weekly.charts(rows, "team:beacon", "Beacon", QUARTER)
    told = "This quarter was frozen without its weeks, so no weekly chart is drawn."
    assert (instead.finding, instead.svg) == (told, "")
    old = compose(rows, entries, "team:beacon", QUARTER)
    assert told in list(strings(json.loads(pdf.document([old], {"team:beacon": [instead]}))))
    made = files.report("pdf", [files.Gathered(old, rows)])
    assert pages(made) >= 2


def test_a_page_offers_three_files(path: str, checks: dict[str, HealthCheck]) -> None:
    offered = files.downloads(files.Gathered(checks["team:beacon"], path), list)
    assert [(label, name, media) for label, name, media, _ in offered] == [
        ("PDF", "health-check-2026-Q3-team-beacon.pdf", "application/pdf"),
        ("Markdown", "health-check-2026-Q3-team-beacon.md", "text/markdown"),
        ("HTML", "health-check-2026-Q3-team-beacon.html", "text/html"),
    ]
    assert [make()[:4] for _, _, _, make in offered] == [b"%PDF", b"# He", b"<!DO"]


def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str]:
    """Exit code and standard error."""
    monkeypatch.setattr(sys, "argv", ["outcomes", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["--scope", "team:becon"],
            2,
            "--scope team:becon: there is no such scope with a health check. " + MEANT,
        ),
        (["--quarter", "2026-Q9"], 2, "--quarter 2026-Q9: there is no such quarter. Did you mean 2026-Q4?"),
        (["--first-look"], 2, OWN),
        (["--first-look", "--scope", "organisation"], 2, OWN),
        (["--revision", "1", "--scope", "team:atlas", "--scope", "team:beacon"], 2, ONE_REVISION),
        (
            ["--revision", "1", "--format", "markdown", "--output", "{folder}/x.md"],
            2,
            "organisation 2026-Q3: has no revision 1. It was never frozen",
        ),
        (["--teams", "--format", "html"], 2, "--teams: is for the PDF. For html name each with --scope"),
        (["--output", "{folder}"], 2, "{folder}: cannot be written (Is a directory). " + ANOTHER),
        (
            ["--output", "{folder}/there/x.pdf"],
            2,
            "{folder}/there/x.pdf: cannot be written (No such file or directory). " + ANOTHER,
        ),
        (
            ["--format", "html", "--output", "/dev/full"],
            1,
            "/dev/full: cannot be written (No space left on device). Free some space and run again",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_line(
    published: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    line: str,
) -> None:
    given = [one.replace("{folder}", str(tmp_path)) for one in arguments]
    found, err = command(capsys, monkeypatch, "--home", str(published), "report", *given)
    lines = [one for one in err.splitlines() if " step name=" not in one]
    assert (found, lines) == (code, [f"error: {line}".replace("{folder}", str(tmp_path))])
    assert list(tmp_path.iterdir()) == []


def test_without_a_snapshot_or_with_a_damaged_journal_it_says_so(
    kept: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = tmp_path_factory.mktemp("nowhere")
    code, err = command(capsys, monkeypatch, "--home", str(nowhere), "report")
    assert (code, err.count("\n"), "nothing has been published yet" in err) == (1, 1, True)
    (kept / "journal.sqlite").write_bytes(b"no database at all, but longer than a header of one would be" * 9)
    target = kept / "x.md"
    code, err = command(
        capsys, monkeypatch, "--home", str(kept), "report", "--format", "markdown", "--output", str(target)
    )
    lines = [one for one in err.splitlines() if " step name=" not in one]
    assert (code, len(lines), lines[0][:7], target.exists()) == (1, 1, "error: ", False)


def test_the_command_writes_a_file_and_keeps_its_errors_clean(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    told = [sys.executable, "-c", "from pipelines.cli import main; main()", "--home", str(published)]
    done = subprocess.run(
        [*told, "report", "--format", "markdown", "--output", str(target)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == f"{target} written.\n"
    assert [line.split(maxsplit=1)[1] for line in done.stderr.splitlines()] == [
        "step name=organisation",
        "step name=the file",
    ]
    assert target.read_text("utf-8").startswith("# Health check, Q3 2026\n\n**Fennel &amp; Rye**\n")
