"""Sonar: analyses become readings, new code outlives Sonar's memory, and what check tells."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import (
    AuthError,
    Cursor,
    Forbidden,
    NotFound,
    SourceContext,
    SourceUnavailable,
    UnexpectedShape,
)
from connectors.http import Patience
from connectors.records import CoverageReport, DebtReading
from connectors.sonarqube.records import METRICS
from connectors.sonarqube.source import Settings, SonarQubeSource

TOKEN = "squ_4b1d0f3c5a"
HISTORY = "/api/measures/search_history"
FIRST, SECOND = "2026-10-01T08:00:00+0200", "2026-10-02T08:00:00+0200"
MEASURED = {
    "sqale_index": "5280",
    "sqale_debt_ratio": "2.8",
    "sqale_rating": "2.0",
    "ncloc": "12480",
    "coverage": "82.5",
    "lines_to_cover": "4080",
    "uncovered_lines": "670",
    "conditions_to_cover": "620",
    "uncovered_conditions": "150",
    "new_coverage": "91.2",
    "new_lines_to_cover": "200",
    "new_uncovered_lines": "16",
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def answer(*analyses: tuple[str, dict[str, str]], total: int | None = None) -> dict[str, Any]:
    """As Sonar answers: per metric the history, where an analysis that lacks it has a date alone."""
    return {
        "paging": {"pageIndex": 1, "pageSize": 1000, "total": len(analyses) if total is None else total},
        "measures": [
            {
                "metric": metric,
                "history": [
                    {"date": date, "value": values[metric]} if metric in values else {"date": date}
                    for date, values in analyses
                ],
            }
            for metric in METRICS
        ],
    }


@pytest.fixture
def make(scripted_server, naps):
    def build(*projects: str, token: str | None = TOKEN, **keys: Any) -> SonarQubeSource:
        start = keys.pop("history_start", None)
        settings = Settings(
            **{
                "name": "sonar",
                "kind": "sonarqube",
                "base_url": scripted_server.url,
                "token_env": "SONAR_TOKEN",
                **keys,
            }
        )
        context = SourceContext(SecretStr(token) if token else None, projects or ("shop",), "", start)
        return SonarQubeSource(settings, context, Patience(attempts=3, sleep=naps.append))

    return build


def read(source: SonarQubeSource, cursor: Cursor | None = None) -> list[Any]:
    return list(source.fetch("measures", "shop", cursor or Cursor()))


def rows(batches: list[Any]) -> list[Any]:
    return [record for batch in batches for record in batch.records]


def test_an_analysis_is_understood_field_by_field(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED)))
    at = utc(FIRST)
    none = {"sha": None, "branch": None, "flag": None}
    assert rows(read(make())) == [
        CoverageReport(
            id="shop:2026-10-01T06:00:00Z",
            component="shop",
            method="sonar",
            measured_at=at,
            covered_lines=3410,  # 4080 - 670
            coverable_lines=4080,
            new_covered_lines=None,
            new_coverable_lines=None,
            covered_branches=470,  # 620 - 150
            coverable_branches=620,
            coverage_ratio=0.825,
            **none,
        ),
        CoverageReport(
            id="shop:2026-10-01T06:00:00Z:new",
            component="shop",
            method="sonar",
            measured_at=at,
            covered_lines=None,
            coverable_lines=None,
            new_covered_lines=184,  # 200 - 16
            new_coverable_lines=200,
            new_coverage_ratio=pytest.approx(0.912),
            **none,
        ),
        DebtReading(
            id="shop:2026-10-01T06:00:00Z",
            component="shop",
            branch=None,
            measured_at=at,
            debt_minutes=5280.0,
            debt_ratio=pytest.approx(0.028),
            rating="B",
            code_lines=12480,
            development_minutes=pytest.approx(5280 / 0.028),
        ),
    ]


@pytest.mark.parametrize(
    ("missing", "kept"),
    [
        (("coverage", "lines_to_cover", "uncovered_lines"), ["new", "debt"]),
        (("new_coverage", "new_lines_to_cover", "new_uncovered_lines"), ["all", "debt"]),
        (("sqale_index", "sqale_debt_ratio", "sqale_rating"), ["all", "new"]),
    ],
)
def test_a_metric_that_is_missing_is_absent_and_never_zero(make, scripted_server, missing, kept):
    """faros-ai/airbyte-connectors#1083: no data must never look perfect, nor like nothing."""
    values = {metric: value for metric, value in MEASURED.items() if metric not in missing}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, values)))
    found = rows(read(make()))
    kinds = [
        "debt" if isinstance(one, DebtReading) else ("new" if one.id.endswith(":new") else "all")
        for one in found
    ]
    assert kinds == kept


@pytest.mark.parametrize("conditions", [{}, {"conditions_to_cover": "0", "uncovered_conditions": "0"}])
def test_zero_without_a_report_is_no_measurement(make, scripted_server, conditions):
    """Where no report is imported, Sonar's scanner counts every line as uncovered."""
    values = {"coverage": "0.0", "lines_to_cover": "4080", "uncovered_lines": "4080", **conditions}
    new = {"new_coverage": "0.0", "new_lines_to_cover": "20", "new_uncovered_lines": "20"}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, {**values, **new})))
    assert rows(read(make())) == []


def test_a_condition_that_is_covered_shows_that_there_was_a_report(make, scripted_server):
    values = {"coverage": "0.5", "lines_to_cover": "40", "uncovered_lines": "40"}
    conditions = {"conditions_to_cover": "60", "uncovered_conditions": "59"}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, {**values, **conditions})))
    (one,) = rows(read(make()))
    assert (one.covered_lines, one.coverable_lines, one.covered_branches) == (0, 40, 1)


@pytest.mark.parametrize(
    ("missing", "minutes"),
    [((), 5280 / 0.028), (("sqale_debt_ratio",), None)],
)
def test_what_writing_the_code_would_take_follows_from_the_ratio(make, scripted_server, missing, minutes):
    values = {metric: value for metric, value in MEASURED.items() if metric not in missing}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, values)))
    (debt,) = [one for one in rows(read(make())) if isinstance(one, DebtReading)]
    assert debt.development_minutes == (minutes and pytest.approx(minutes))


def test_without_debt_nothing_follows_from_the_ratio(make, scripted_server):
    scripted_server.answer(
        "GET", HISTORY, json=answer((FIRST, {"sqale_index": "0", "sqale_debt_ratio": "0.0"}))
    )
    assert [one.development_minutes for one in rows(read(make()))] == [None]


def test_lines_to_cover_without_coverage_are_no_measurement(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, {"lines_to_cover": "10"})))
    assert rows(read(make())) == []


def test_a_project_without_lines_to_cover_has_no_coverage(make, scripted_server):
    values = {"lines_to_cover": "0", "uncovered_lines": "0", "ncloc": "40", "coverage": "NaN"}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, values)))
    assert rows(read(make())) == []


@pytest.mark.parametrize(
    ("value", "letter"), [("1.0", "A"), ("2.0", "B"), ("3.0", "C"), ("4.0", "D"), ("5.0", "E"), ("9.0", None)]
)
def test_ratings_are_letters(make, scripted_server, value, letter):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, {"sqale_rating": value})))
    assert [one.rating for one in rows(read(make()))] == [letter]


def test_all_metrics_of_a_project_cost_one_call(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED), (SECOND, MEASURED)))
    source = make(history_start=utc("2026-01-01T00:00:00+00:00"))
    (batch,) = read(source)
    (request,) = scripted_server.requests
    assert request.query["component"] == ["shop"]
    assert request.query["metrics"] == [",".join(METRICS)]
    assert request.query["ps"] == ["1000"]
    assert request.query["from"] == ["2026-01-01T00:00:00+0000"]
    assert "branch" not in request.query
    assert batch.is_final
    assert batch.server_date == scripted_server.now


def test_without_a_start_of_history_the_parameter_is_left_out(make, scripted_server):
    """airbyte#85376: a first date far in the past gave an empty list."""
    scripted_server.answer("GET", HISTORY, json=answer())
    read(make())
    assert "from" not in scripted_server.requests[0].query


def test_a_branch_is_asked_for_and_told(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED)))
    found = rows(read(make(branch="release/2")))
    assert scripted_server.requests[0].query["branch"] == ["release/2"]
    assert {one.branch for one in found} == {"release/2"}
    assert found[0].id == "shop@release/2:2026-10-01T06:00:00Z"


def test_another_branch_is_read_from_its_beginning(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((SECOND, MEASURED)))
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED), (SECOND, MEASURED)))
    scripted_server.answer("GET", HISTORY, json=answer(), times=2)
    (main,) = read(make())
    (develop,) = read(make(branch="develop"), main.cursor)
    assert "from" not in scripted_server.requests[1].query
    assert {one.measured_at for one in develop.records} == {utc(FIRST), utc(SECOND)}
    read(make(branch="develop"), develop.cursor)
    assert scripted_server.requests[2].query["from"] == ["2026-10-02T06:00:01+0000"]
    read(make(), develop.cursor)
    assert "from" not in scripted_server.requests[3].query


def test_a_walk_of_a_branch_that_was_cut_goes_on_in_that_branch_alone(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED), total=2))
    scripted_server.answer("GET", HISTORY, json=answer((SECOND, MEASURED)), times=None)
    cut = next(iter(make(branch="develop").fetch("measures", "shop", Cursor()))).cursor
    read(make(branch="develop"), cut)
    read(make(), cut)
    assert [one.query.get("from") for one in scripted_server.requests] == [
        None,
        ["2026-10-01T06:00:01+0000"],
        None,
    ]


def test_the_next_run_reads_what_came_after_the_last_analysis(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED)))
    scripted_server.answer("GET", HISTORY, json=answer((SECOND, MEASURED)))
    (first,) = read(make())
    (second,) = read(make(), first.cursor)
    assert scripted_server.requests[1].query["from"] == ["2026-10-01T06:00:01+0000"]
    assert {one.measured_at for one in second.records} == {utc(SECOND)}
    assert second.cursor.watermark == "2026-10-02T06:00:00+00:00"


def test_new_code_that_sonar_has_forgotten_is_not_overwritten(make, scripted_server):
    """A full reading meets old analyses without their measures of new code: the rows of then stay."""
    forgotten = {metric: value for metric, value in MEASURED.items() if not metric.startswith("new_")}
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED)))
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, forgotten), (SECOND, MEASURED)))
    stored = {(one.table, one.id): one for one in rows(read(make()))}
    stored |= {(one.table, one.id): one for one in rows(read(make()))}
    new = [one.new_covered_lines for (_, key), one in sorted(stored.items()) if key.endswith(":new")]
    assert new == [184, 184]


def test_pages_follow_one_another_by_time(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED), total=2))
    scripted_server.answer("GET", HISTORY, json=answer((SECOND, MEASURED)))
    batches = read(make())
    assert [batch.is_final for batch in batches] == [False, True]
    assert scripted_server.requests[1].query["from"] == ["2026-10-01T06:00:01+0000"]
    assert "p" not in scripted_server.requests[1].query


def test_a_server_that_ignores_where_a_page_begins_is_not_followed(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED), total=9), times=None)
    with pytest.raises(UnexpectedShape, match=r"^sonar/shop: the server repeats a page"):
        read(make())
    assert len(scripted_server.requests) == 2


def test_two_projects_have_cursors_of_their_own(make, scripted_server):
    """apache/devlake#5311: the second one was skipped."""
    scripted_server.answer("GET", HISTORY, json=answer((SECOND, MEASURED)))
    scripted_server.answer("GET", HISTORY, json=answer((FIRST, MEASURED)))
    source = make("shop", "till")
    read_at = {
        scope: {
            one.measured_at for batch in source.fetch("measures", scope, Cursor()) for one in batch.records
        }
        for scope in source.scopes("measures")
    }
    assert read_at == {"shop": {utc(SECOND)}, "till": {utc(FIRST)}}
    assert [one.query["component"] for one in scripted_server.requests] == [["shop"], ["till"]]


def test_patterns_choose_projects(make, scripted_server):
    source = make("shop", "till", include=["tools"], exclude=["till*"])
    assert source.scopes("measures") == ["shop", "tools"]


@pytest.mark.parametrize(
    ("auth", "header"),
    [("bearer", f"Bearer {TOKEN}"), ("basic", "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode())],
)
def test_the_token_is_sent_as_the_server_wants_it(make, scripted_server, auth, header):
    scripted_server.answer("GET", HISTORY, json=answer())
    read(make(auth=auth))
    assert scripted_server.requests[0].headers["authorization"] == header


def test_public_projects_need_no_token(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer())
    read(make(token=None, token_env=None))
    assert "authorization" not in scripted_server.requests[0].headers


@pytest.mark.parametrize(("status", "error"), [(401, AuthError), (403, Forbidden), (404, NotFound)])
def test_a_refusal_is_one_line_without_the_payload(make, scripted_server, status, error):
    body = {"errors": [{"msg": "Insufficient privileges for ada"}]}
    scripted_server.answer("GET", HISTORY, json=body, status=status)
    with pytest.raises(error) as raised:
        read(make())
    assert str(raised.value).startswith("sonar/shop: ")
    assert "ada" not in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_a_rate_limit_is_waited_for_and_a_lasting_fault_ends(make, scripted_server, naps):
    scripted_server.answer("GET", HISTORY, status=429, headers={"Retry-After": "7"}, json={})
    scripted_server.answer("GET", HISTORY, status=502, text="<html>", times=None)
    with pytest.raises(SourceUnavailable):
        read(make())
    assert naps[0] == 7


def test_a_date_without_an_offset_is_refused(make, scripted_server):
    scripted_server.answer("GET", HISTORY, json=answer(("2026-10-01T08:00:00", MEASURED)))
    with pytest.raises(UnexpectedShape) as raised:
        read(make())
    assert "2026" not in str(raised.value)


# --- check


def signed_in(server, **headers):
    server.answer("GET", "/api/authentication/validate", json={"valid": True})
    user = {"isLoggedIn": True, "login": "outcomes-bot", "name": "Outcomes Bot", "email": "bot@example.org"}
    return server.answer("GET", "/api/users/current", json=user, headers=headers)


MEASURES = "/api/measures/component"


def measured(lines, uncovered):
    told = {"lines_to_cover": lines, "uncovered_lines": uncovered}
    found = [{"metric": name, "value": value} for name, value in told.items() if value is not None]
    return {"component": {"key": "shop", "qualifier": "TRK", "measures": found}}


def component(key, **fields):
    return {"component": {"key": key, "qualifier": "TRK", **fields}, "ancestors": []}


def test_check_tells_whose_token_it_is_when_it_ends_and_each_project(make, scripted_server):
    expiry = {"SonarQube-Authentication-Token-Expiration": "2026-12-01T00:00:00+0000"}
    server = signed_in(scripted_server, **expiry)
    show = "/api/components/show"
    analysed = {"analysisDate": FIRST, "organization": "acme"}
    server.answer("GET", show, json=component("shop", **analysed))
    server.answer("GET", MEASURES, json=measured("4080", "670"))
    server.answer("GET", show, json=component("till", organization="acme"))
    server.answer("GET", MEASURES, json=measured(None, None))
    server.answer("GET", show, json=component("other", **{**analysed, "organization": "else"}))
    server.answer("GET", MEASURES, json=measured("4080", "670"))
    server.answer("GET", show, json=component("bare", **analysed))
    server.answer("GET", MEASURES, json=measured("4080", "4080"))
    server.answer("GET", show, json={"errors": []}, status=404)
    findings = make("shop", "till", "other", "bare", "gone", organisation="acme").check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("sonar", True),
        ("sonar/shop", True),
        ("sonar/till", False),
        ("sonar/other", False),
        ("sonar/bare", False),
        ("sonar/gone", False),
    ]
    assert findings[0].message == "signed in as outcomes-bot; its token ends on 2026-12-01"
    assert "never analysed" in findings[2].message
    assert "another organisation" in findings[3].message
    assert "no coverage report is imported" in findings[4].message


def test_check_of_a_token_that_is_refused(make, scripted_server):
    scripted_server.answer("GET", "/api/authentication/validate", json={"valid": False})
    (finding,) = make().check()
    assert not finding.is_fine
    assert finding.message == "the server refuses the token. Renew the token in SONAR_TOKEN"


@pytest.mark.parametrize(("variable", "is_fine"), [("SONAR_TOKEN", False), (None, True)])
def test_check_without_a_user_is_fine_only_where_none_was_meant(make, scripted_server, variable, is_fine):
    scripted_server.answer("GET", "/api/authentication/validate", json={"valid": True})
    scripted_server.answer("GET", "/api/users/current", json={"isLoggedIn": False})
    scripted_server.answer("GET", "/api/components/show", json=component("shop", analysisDate=FIRST))
    scripted_server.answer("GET", MEASURES, json=measured("4080", "670"))
    assert make(token_env=variable).check()[0].is_fine is is_fine


@pytest.mark.parametrize("address", ["http://sonar.example.org", "https://me:pw@sonar.example.org", "sonar"])
def test_an_address_that_would_show_the_token_is_refused(address):
    with pytest.raises(ValidationError, match="is not an https address"):
        Settings(name="sonar", kind="sonarqube", base_url=address)


def test_the_address_has_a_default_and_loses_its_last_slash():
    assert Settings(name="sonar", kind="sonarqube").base_url == "https://sonarcloud.io"
    given = Settings(name="sonar", kind="sonarqube", base_url="https://sonar.example.org/context/")
    assert given.base_url == "https://sonar.example.org/context"
