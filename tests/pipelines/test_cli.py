"""The command: what it prints, in which form, and how it ends."""

import csv
import fcntl
import io
import json
import subprocess
import sys
import tomllib

import pytest

from connectors.base import AuthError, Finding, InputError
from connectors.registry import discover
from pipelines.cli_options import utc
from pipelines.data_checks import load_checks

RUN_KEYS = ["run_id", "status", "published", "sources"]
SOURCE_KEYS = ["source", "scope", "stream", "status", "calls", "rows_read", "rows_changed", "error"]
VALUE_KEYS = [
    *("metric", "definition_version", "scope", "grain", "period_start", "period_end", "is_complete"),
    *("statistic", "value", "unit", "n", "low", "high", "open_count", "coverage", "verdict"),
    *("withheld_reason", "difference", "difference_low", "difference_high", "p_value", "compared_with"),
    "detectable_change",
]
KIOSK = ("--metric", "deployment_frequency", "--scope", "service:kiosk", "--grain", "quarter")


def files_below(folder):
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


# --- usage


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["wat"], "error: outcomes: no such command 'wat'. See `outcomes --help`"),
        (
            ["metrcs"],
            "error: outcomes: no such command 'metrcs'. Did you mean 'metrics'? See `outcomes --help`",
        ),
        (["--wat", "run"], "error: outcomes: no such option: --wat. See `outcomes --help`"),
        (["explain"], "error: outcomes explain: missing argument 'metric'. See `outcomes explain --help`"),
        (
            ["explain", "change_lead_time", "--period", "2026-Q3"],
            "error: outcomes explain: missing option '--scope'. See `outcomes explain --help`",
        ),
        (["export"], "error: outcomes export: missing argument 'folder'. See `outcomes export --help`"),
        (
            ["run", "--sorce", "jira"],
            (
                "error: outcomes run: no such option: --sorce (Possible options: --since, --source). "
                "See `outcomes run --help`"
            ),
        ),
        (
            ["metrics", "--format", "xml"],
            (
                "error: outcomes metrics: invalid value for '--format': 'xml' is not one of "
                "'table', 'json', 'csv'. "
                "See `outcomes metrics --help`"
            ),
        ),
        (
            ["metrics", "--grain"],
            "error: outcomes: option '--grain' requires an argument. See `outcomes --help`",
        ),
        (
            ["demo", "--log-format", "json"],
            (
                "error: outcomes demo: no such option: --log-format. "
                "It stands before the command: outcomes --log-format … demo"
            ),
        ),
        (
            ["run", "--home", "elsewhere"],
            (
                "error: outcomes run: no such option: --home. "
                "It stands before the command: outcomes --home … run"
            ),
        ),
        (
            ["--log-format", "xml", "run"],
            (
                "error: outcomes: invalid value for '--log-format': 'xml' is not one of 'text', 'json'. "
                "See `outcomes --help`"
            ),
        ),
        (
            ["run", "today"],
            "error: outcomes run: got unexpected extra argument(s) (today). See `outcomes run --help`",
        ),
        (["metrics", "--from", "2026-13-01"], "error: --from 2026-13-01: not a date. Write it as 2026-10-01"),
        (
            ["export", "there", "--warehouse"],
            "error: --warehouse: works with --canonical only. Add it, or leave --warehouse out",
        ),
        (
            ["dashboard", "--port", "80000"],
            "error: --port 80000: cannot be served on 127.0.0.1 (no such port). Choose another with --port",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_usage_error_is_one_line_and_exit_code_2(outcomes, arguments, line):
    done = outcomes(*arguments)
    assert (done.code, done.err, done.out) == (2, f"{line}\n", "")


def test_without_a_command_the_help_is_shown(outcomes):
    done = outcomes()
    assert done.code == 0
    assert done.err == ""
    assert "Run the nightly job once" in done.out


def test_help_is_instant_because_nothing_heavy_is_imported():
    heavy = ("dagster", "duckdb", "polars", "github", "jira", "streamlit", "numpy")
    ask = f"import sys, pipelines.cli; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("debug", "shown"), [(False, []), (True, ["followed", "lost"])])
def test_what_libraries_log_is_shown_with_debug_only(debug, shown):
    program = (
        "import logging; from pipelines.cli_errors import quiet_libraries; "
        f"quiet_libraries(debug={debug}); import connectors.github.client; "
        "logging.getLogger('github.Requester').info('followed'); logging.getLogger('other').error('lost')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [line.rpartition(":")[2] for line in ran.stderr.splitlines()] == shown


# --- init, check, dry run


def test_init_writes_a_configuration_that_can_be_read_and_never_over_another(outcomes, tmp_path):
    target = tmp_path / "mine.toml"
    first = outcomes("--config", target, "init")
    assert (first.code, first.err) == (0, "")
    assert first.out == f"{target} written. Put your organisation into it, then run `outcomes check`.\n"
    assert "organisation" in tomllib.loads(target.read_text(encoding="utf-8"))
    target.write_text("# mine\n", encoding="utf-8")
    second = outcomes("--config", target, "init")
    assert (second.code, second.out) == (2, "")
    assert second.err == f"error: {target}: exists already. Name another file with --config\n"
    assert target.read_text(encoding="utf-8") == "# mine\n"


def test_check_says_of_each_source_what_can_be_read(built):
    done = built.outcomes("check")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{built.config}: 1 team, 2 services, 4 sources"
    assert {
        "ok     github/alder/basket-api: can be read",
        "ok     jira/BAS: can be read",
        "ok     pagerduty/PBASKETAPI: can be read",
        "ok     inbox/deployments.csv: 1 rows can be read",
    } <= set(lines)


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([], 0),
        (["file"], 2),
        (["file", "file"], 2),
        (["file", "server"], 1),
        (["server"], 1),
    ],
)
def test_a_check_that_fails_on_files_alone_is_the_mistake_of_whoever_wrote_them(
    built, records, monkeypatch, failures, code
):
    errors = {
        "file": InputError("inbox/deployments.csv", "line 1: no column 'service'", "Add it"),
        "server": AuthError("jira", "the server refuses the credential (401)", "Renew the token"),
    }
    source = records.source("inbox", {"deployments": [], "incidents": []}, scopes=())
    source.check = lambda: [Finding("inbox", True, "fine"), *(Finding.of(errors[one]) for one in failures)]
    monkeypatch.setattr("pipelines.sources.create_sources", lambda *_: {"inbox": source})
    done = built.outcomes("check")
    assert done.code == code
    said = f"error: {len(failures)} of the checks above failed. Mend what they name\n"
    assert done.err == (said if failures else "")
    assert done.out.count("FAILED inbox/deployments.csv: line 1: no column 'service'. Add it\n") == (
        failures.count("file")
    )


def test_a_dry_run_says_what_would_be_read_and_writes_nothing(built):
    before = files_below(built.folder)
    done = built.outcomes("run", "--dry-run", "--source", "jira", "--format", "json")
    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out.splitlines()[-1])
    assert (answer["run_id"], answer["status"], answer["published"]) == (None, "ok", None)
    assert {one["rows_read"] for one in answer["sources"]} == {0}
    assert [one["stream"] for one in answer["sources"]] == list(discover()["jira"].streams)
    assert {("*", "statuses"), ("BAS", "issues")} <= {
        (one["scope"], one["stream"]) for one in answer["sources"]
    }
    assert all(list(one) == SOURCE_KEYS for one in answer["sources"])
    assert files_below(built.folder) == before


def test_a_dry_run_on_no_home_makes_none(built, outcomes, tmp_path):
    done = outcomes(
        "--config", built.config, "--home", tmp_path / "new", "run", "--dry-run", "--source", "inbox"
    )
    assert (done.code, done.err) == (0, "")
    assert not (tmp_path / "new").exists()


# --- run and build


def test_the_last_line_of_a_run_is_its_report(built):
    report = json.loads((built.folder / "first.json").read_text(encoding="utf-8").splitlines()[-1])
    assert list(report) == RUN_KEYS
    assert report["status"] == "ok"
    assert report["published"].endswith(f"-{report['run_id'][:8]}.duckdb")
    assert all(list(one) == SOURCE_KEYS for one in report["sources"])
    assert {one["status"] for one in report["sources"]} == {"ok"}
    read = {(one["source"], one["stream"]): one["scope"] for one in report["sources"]}
    configured = ("github", "jira", "pagerduty", "inbox")  # each is called after its kind
    assert set(read) == {(kind, stream) for kind in configured for stream in discover()[kind].streams}
    assert len(read) == len(report["sources"]), "there is one repository, one project, one file"
    assert read["github", "repositories"] == read["jira", "statuses"] == read["inbox", "incidents"] == "*"
    assert read["github", "pull_requests"] == "alder/basket-api"
    assert (read["jira", "issues"], read["inbox", "deployments"]) == ("BAS", "deployments.csv")


@pytest.mark.parametrize(
    ("name", "fix"),
    [("jria", "Did you mean jira?"), ("prometheus", "Known are github, jira, pagerduty, inbox")],
)
def test_a_source_that_is_not_configured(built, name, fix):
    done = built.outcomes("run", "--source", "github", "--source", name)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: --source {name}: not configured. {fix}\n"


NO_RUN = {"run_id": None, "status": "failed", "published": None, "sources": []}


@pytest.mark.parametrize("command", [["run"], ["run", "--dry-run"], ["build"]], ids=" ".join)
def test_the_report_is_written_also_where_the_configuration_is_wrong(outcomes, tmp_path, command):
    config = tmp_path / "outcomes.toml"
    config.write_text("[organization]\n", encoding="utf-8")
    done = outcomes("--config", config, "--home", tmp_path / "home", *command, "--format", "json")
    assert (done.code, json.loads(done.out)) == (2, NO_RUN)
    assert done.err.startswith(f"error: {config}: organi")


def test_the_report_is_written_also_where_another_run_holds_the_home(built, tmp_path):
    place = built.copy_to(tmp_path)
    with place.home.lock_file.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for command in ("run", "build"):
            done = place.outcomes(command, "--format", "json")
            assert (done.code, json.loads(done.out)) == (1, NO_RUN)
            assert "another run is in progress" in done.err


def test_the_report_is_written_also_where_an_option_makes_no_sense(built):
    done = built.outcomes("run", "--since", "tomorrow", "--format", "json")
    assert (done.code, json.loads(done.out)) == (2, NO_RUN)


def test_a_build_computes_again_without_fetching(rebuilt, built):
    assert rebuilt.report["sources"] == []
    assert rebuilt.report["status"] == "ok"
    assert rebuilt.place.current != built.current
    assert rebuilt.place.current == rebuilt.report["published"]


def test_progress_can_be_read_by_programs(rebuilt):
    events = [json.loads(line) for line in rebuilt.done.err.splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert [list(event) for event in steps] == [["at", "event", "name"]] * len(steps)
    assert (steps[0]["name"], steps[-1]["name"]) == ("configuration", "publishing")
    (kept,) = [event for event in events if event not in steps]
    assert list(kept) == ["at", "event", "text"]


# --- metrics


def test_values_as_json_have_the_promised_shape(built):
    done = built.outcomes("metrics", *KIOSK, "--from", "2026-10-01", "--to", "2026-10-31", "--format", "json")
    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert list(answer) == ["schema_version", "snapshot", "as_of", "rows"]
    assert (answer["schema_version"], answer["snapshot"]) == (1, built.current)
    assert answer["as_of"] == "2026-11-02T03:10:00Z"
    assert [sorted(row) for row in answer["rows"]] == [sorted(VALUE_KEYS)] * 3
    (row,) = (row for row in answer["rows"] if row["statistic"] == "count")
    assert (row["value"], row["unit"], row["n"]) == (1.0, "count", 1)
    assert (row["period_start"], row["period_end"], row["is_complete"]) == ("2026-10-01", "2027-01-01", False)
    assert (row["coverage"], row["withheld_reason"]) == ({"linked": 1, "eligible": 1}, None)


def test_values_as_csv_have_one_column_per_fact(built):
    done = built.outcomes("metrics", *KIOSK, "--from", "2026-10-01", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert set(rows[0]) == {*VALUE_KEYS, "coverage_linked", "coverage_eligible"} - {"coverage"}
    assert [row["value"] for row in rows if row["statistic"] == "count"] == ["1.0"]


def test_csv_without_rows_still_has_its_header(built):
    done = built.outcomes("metrics", "--metric", "work_item_age", "--to", "2000-01-01", "--format", "csv")
    assert done.code == 0
    assert done.out.splitlines()[0].startswith("metric,definition_version,scope,grain")
    assert len(done.out.splitlines()) == 1


def test_the_table_says_why_there_is_no_number(built):
    done = built.outcomes(
        "metrics", "--metric", "change_lead_time", "--scope", "service:kiosk", "--grain", "quarter"
    )
    assert done.code == 0
    assert "no data" in done.out
    assert done.out.splitlines()[-1].endswith(built.current)


# --- quality


def test_quality_has_a_line_for_each_check_and_says_the_floor(built):
    done = built.outcomes("quality", "--period", "2026-Q3")
    assert (done.code, done.err) == (0, "")
    head, *lines = done.out.splitlines()
    assert head == "Data quality, organisation, 2026-Q3, as of 2026-11-02T03:10:00Z"
    named = [line[7:].partition(":")[0] for line in lines if line[:6] in ("ok    ", "note  ", "LOOK  ")]
    assert sorted(named) == sorted(load_checks())
    assert [line for line in lines if line.startswith("Withheld, as less than 80 % is linked:")]


def test_quality_as_json_has_the_published_counts_and_on_demand_the_rows(built):
    asked = ("quality", "--scope", "team:basket", "--check", "incidents_to_deployments", "--format", "json")
    answer = json.loads(built.outcomes(*asked).out)
    assert list(answer) == [
        *("schema_version", "snapshot", "as_of", "scope", "period", "coverage_floor"),
        *("checks", "withheld", "rows"),
    ]
    assert (answer["scope"], answer["period"], answer["coverage_floor"]) == ("team:basket", "2026-Q3", 0.8)
    published = built.query(
        "SELECT check_id, looked_at, found FROM data_check WHERE scope = 'team:basket' "
        "AND coalesce(period, '2026-Q3') = '2026-Q3' ORDER BY ALL"
    )
    told = sorted(
        (one["check"], one["looked_at"], one["found"]) for one in answer["checks"] if one["looked_at"]
    )
    assert told == published
    (found,) = (one["found"] for one in answer["checks"] if one["check"] == "incidents_to_deployments")
    assert len(answer["rows"]) == min(found, 20)


@pytest.mark.parametrize(
    ("arguments", "beginning"),
    [
        (
            ["quality", "--check", "clockskew"],
            "error: --check clockskew: there is no such check. Did you mean clock_skew?",
        ),
        (
            ["quality", "--period", "2026-10"],
            "error: --period 2026-10: checks are counted by quarter. Write 2026-Q3",
        ),
        (
            ["quality", "--scope", "department:ordering", "--check", "clock_skew"],
            "error: --scope department:ordering: rows are kept by team.",
        ),
        (
            ["metrics", "--metric", "speed"],
            "error: --metric speed: there is no such metric. Known are action_follow_through, ",
        ),
        (
            ["metrics", "--scope", "team:nobody"],
            (
                "error: --scope team:nobody: there is no such scope. "
                "Known are department:ordering, organisation, "
                "service:basket-api, service:kiosk, team:basket"
            ),
        ),
        (
            ["explain", "change_lead_time", "--scope", "organisation", "--period", "autumn"],
            "error: --period autumn: it is no period. Write 2026-10-01, 2026-W40, 2026-10 or 2026-Q3",
        ),
        (
            ["explain", "change_lead_time", "--scope", "organisation", "--period", "1999-Q3"],
            "error: --period 1999-Q3: it is outside of what has been published. Write 2026-10-01, ",
        ),
        (
            ["explain", "change_led_time", "--scope", "organisation", "--period", "2026-Q3"],
            "error: change_led_time: there is no such metric. Did you mean change_lead_time?",
        ),
    ],
    ids=[
        *("check", "no-quarter", "rows-of-a-department"),
        *("metric", "scope", "no-period", "another-period", "explained-metric"),
    ],
)
def test_a_name_that_is_not_published_is_told_apart_from_no_data(built, arguments, beginning):
    done = built.outcomes(*arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert done.err.startswith(beginning)


# --- explain and catalog


def test_an_explanation_leads_to_the_items(built):
    where = ("explain", "deployment_frequency", "--scope", "service:kiosk", "--period", "2026-Q4")
    done = built.outcomes(*where, "--format", "json")
    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert (answer["metric"], answer["scope"], answer["period"]) == (
        "deployment_frequency",
        "service:kiosk",
        "2026-Q4",
    )
    assert [step["items"] for step in answer["steps"] if step["excluded_reason"] is None] == [1]
    assert len(answer["items"]) == 1
    assert answer["snapshot"] == built.current
    text = built.outcomes(*where)
    assert (text.code, text.err) == (0, "")
    assert "2026-Q4 is not over: it holds what is known up to 2026-11-02 03:10 UTC" in text.out
    for heading in ("The definition", "From rows to this number", "The items behind it", "The query"):
        assert heading in text.out


def test_what_no_source_covers_is_explained_as_well(built):
    done = built.outcomes("explain", "change_failure_rate", "--scope", "service:kiosk", "--period", "2026-Q4")
    assert (done.code, done.err) == (0, "")
    assert "There is no number: in 2026-Q4 no source covers service:kiosk for this metric." in done.out
    assert "no source tells of the service's incidents" in done.out


def test_the_catalogue_is_the_page_of_the_documentation(outcomes):
    done = outcomes("catalog")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# Metrics")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        # Berlin is two hours ahead of UTC in summer and one in winter.
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-01-01", "2025-12-31T23:00:00+00:00"),
        ("2026-07-01T06:00:00+02:00", "2026-07-01T04:00:00+00:00"),
    ],
)
def test_a_day_begins_in_the_zone_of_the_organisation(text, moment):
    assert utc(text, "--since", "Europe/Berlin").isoformat() == moment


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["run", "--as-of", "tomorrow"],
            "error: --as-of tomorrow: not a date. Write 2026-10-01 or 2026-10-01T06:00:00Z",
        ),
        (
            ["run", "--since", "2026-10-01T06:00"],
            "error: --since 2026-10-01T06:00: has no offset. End it with Z or +02:00",
        ),
        (
            ["build", "--as-of", "tomorrow"],
            "error: --as-of tomorrow: not a date. Write 2026-10-01 or 2026-10-01T06:00:00Z",
        ),
    ],
)
def test_what_is_no_moment_is_one_line_and_exit_code_2(built, arguments, line):
    done = built.outcomes(*arguments)
    assert (done.code, done.out, done.errors) == (2, "", [line])
