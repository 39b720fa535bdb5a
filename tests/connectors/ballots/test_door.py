"""The door, over real connections: what it takes, what it refuses, and what it never says or keeps."""

import inspect
import json
import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ballot_survey import ANSWERS, CLOSES, NOW, Survey, served

from connectors.ballots import pages
from connectors.ballots.box import REFUSED, Box
from connectors.ballots.codes import new_code
from connectors.ballots.pace import Pace

SECRETS = ("Canary", "Kestrel")


def plain(answer):
    """An answer but for the time of day."""
    status, headers, body = answer
    return status, {name: one for name, one in headers.items() if name.lower() != "date"}, body


def test_a_person_asks_for_their_unit_and_answers_once(survey, door):
    code = survey.codes[1]
    status, _, body = door.post("/unit", {"code": code.lower()})
    assert (status, json.loads(body)) == (200, {"wave": "2026-Q3", "unit": "Quay"})
    status, _, body = door.answer(code, comment="More time")
    assert (status, body) == (204, b"")
    assert [one.comment for one in survey.opened()] == ["More time"]


def test_the_form_is_the_same_for_everybody_and_names_no_unit(survey, door):
    answers = [plain(door.ask("GET", "/form/2026-Q3")) for _ in range(2)]
    assert answers[0] == answers[1]
    status, _, body = answers[0]
    form = json.loads(body)
    assert status == 200
    assert form.keys() == {"wave", "closes_at", "languages"}
    assert form["languages"]["de"]["sections"][1]["questions"] == [{"id": "P2R", "text": "de P2R"}]
    assert b"Harbour" not in body
    assert door.ask("GET", "/form/2026-Q4")[0] == 404


def test_refused_codes_cannot_be_told_apart(survey, door, tmp_path):
    (tmp_path / "other").mkdir()
    used, fresh = survey.codes[:2]
    foreign = Survey(tmp_path / "other").codes[0]
    assert door.answer(used)[0] == 204
    kinds = [used, new_code(), foreign, "hello", "", "x" * 5000]
    with served(survey.box, now=CLOSES) as late:
        for ask in (lambda one, code: one.post("/unit", {"code": code}), lambda one, code: one.answer(code)):
            told = [plain(ask(door, code)) for code in kinds] + [plain(ask(late, fresh))]
            status, headers, body = told[0]
            assert all(one == (status, headers, body) for one in told)
            assert (status, json.loads(body)) == (403, {"error": REFUSED})
    survey.box.close(survey.id, NOW)
    assert plain(door.answer(fresh)) == told[0]
    assert survey.box.turnout(survey.id) == (7, 1)


# ---- what is always there, and what never is -------------------------------------------------------


def test_every_answer_forbids_to_keep_it_and_names_no_server(survey, door):
    answers = [
        *(door.ask("GET", path) for path in ("/", "/ballot.js", "/words", "/form/2026-Q3", "/no/such/page")),
        door.ask("DELETE", "/answer"),
        door.post("/unit", {"code": survey.codes[0]}),
        door.post("/unit", {"code": "wrong"}),
        door.post("/answer", b"{"),
        door.answer(survey.codes[0]),
    ]
    assert [status for status, _, _ in answers] == [200, 200, 200, 200, 404, 405, 200, 403, 422, 204]
    for _, headers, _ in answers:
        told = {name.lower(): value for name, value in headers.items()}
        assert told["cache-control"] == "no-store"
        assert told["referrer-policy"] == "no-referrer"
        assert told["x-content-type-options"] == "nosniff"
        policy = dict(one.strip().split(" ", 1) for one in told["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in told["content-security-policy"]
        assert not told.keys() & {"server", "set-cookie", "etag", "last-modified", "x-powered-by"}


def test_the_page_asks_for_nothing_from_elsewhere_and_has_no_inline_script():
    for path, (kind, content) in pages.files().items():
        text = content.decode()
        assert not re.findall(r"(?:src|href|url\(|import|fetch\()[=\s\"'(]*(?:https?:)?//", text), path
        if kind == pages.HTML:
            assert not re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|style=|javascript:", text), path
    script = pages.files()["/ballot.js"][1].decode()
    for forbidden in (
        "innerHTML",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "cookie",
        "eval(",
        "sendBeacon",
    ):
        assert forbidden not in script


PROMISE = (
    "Within one wave, every number shown, and every sum or difference anyone can form of the numbers "
    "shown, rests on the answers of at least six people; so even someone who knows their own answer faces "
    "five others."
)
ACROSS = (
    "Across waves this cannot be proven away: where opinions persist, a change of d people in a roster or "
    "among those who answer exposes those d to good guessing (one joiner among six stayers: an item exact "
    "in half the cases, from two published waves). We reduce it by the rules below and say so, in these "
    "words, before people answer."
)
NOT_COVERED = (
    "Not covered, and said: collusion, background knowledge, a whole group of one mind (reduced by bands), "
    "an operator who watches the files while people answer, and what the linked tools themselves show (a "
    "pull request names its author)."
)


def test_the_promise_is_there_word_for_word_before_people_answer(door):
    assert json.loads(door.ask("GET", "/words")[2])["en"]["promise"] == [PROMISE, ACROSS, NOT_COVERED]
    _, _, body = door.ask("GET", "/protection.en")
    for one in (PROMISE, ACROSS, NOT_COVERED):
        assert f"<blockquote>{one}</blockquote>" in body.decode()
    assert len(json.loads(door.ask("GET", "/words")[2])["de"]["promise"]) == 3


def test_both_languages_of_the_page_have_the_same_words_to_fill_in():
    english, german = (pages.words(one) for one in pages.LANGUAGES)
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", german[key])), key
    assert pages.words("fr") == english


def test_a_request_leaves_nothing_in_any_log(survey, door, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    code = survey.codes[0]
    door.post("/unit", {"code": code})
    door.post("/answer", {"code": code, "answers": {"Canary": 1}, "comment": "Kestrel"})
    door.answer(code, comment="Canary Kestrel")
    door.ask("GET", f"/form/Canary?code={code}", headers={"User-Agent": "Kestrel", "Referer": "Canary"})
    written = caplog.text + "".join(capfd.readouterr())
    assert not any(one in written for one in (*SECRETS, code, "127.0.0.1", "/unit"))


def test_a_box_that_cannot_be_used_is_told_without_its_content(tmp_path, caplog):
    path = tmp_path / "ballots.sqlite"
    path.write_bytes(b"Canary " * 1000)
    with served(Box(path)) as door:
        status, _, body = door.post("/unit", {"code": new_code()})
    assert (status, json.loads(body)["error"]) == (503, "the ballot box cannot be used just now; try again")
    assert "Canary" not in caplog.text


# ---- attacks ---------------------------------------------------------------------------------------


def ballot(code, **more):
    return {"code": code, "answers": ANSWERS, "comment": None, **more}


def malformed(code):
    right = json.dumps(ballot(code))
    return {
        "no JSON": b"{",
        "empty": b"",
        "not UTF-8": right.encode().replace(b'"E1"', b'"E\xff"'),
        "UTF-16": right.encode("utf-16"),
        "list": f"[{right}]",
        "doubled key": right.replace('"E1": 4', '"E1": 4, "E1": 5'),
        "doubled code": right.replace('"comment"', '"code": "x", "comment"'),
        "not a number": right.replace("4", "NaN"),
        "endless": right.replace("4", "1e999"),
        "digits": right.replace("4", "4" * 9000),
        "fraction": right.replace('"E1": 4', '"E1": 4.0'),
        "deep": b'{"code":' + b"[" * 8000 + b"]" * 8000 + b"}",
        "missing comment": json.dumps({"code": code, "answers": ANSWERS}),
        "more": json.dumps(ballot(code, name="Kestrel")),
        "number as code": json.dumps(ballot(7)),
        "answers as list": json.dumps(ballot(code, answers=[1, 2, 3])),
        "partial": json.dumps(ballot(code, answers={"E1": 1})),
        "unknown": json.dumps(ballot(code, answers={**ANSWERS, "Kestrel": 1})),
        "six": json.dumps(ballot(code, answers={**ANSWERS, "E1": 6})),
        "long comment": json.dumps(ballot(code, comment="x" * 501)),
        "half a character": json.dumps(ballot(code, comment="\ud83d")),
    }


def test_what_is_malformed_is_refused_in_one_line_and_uses_nothing_up(survey, door):
    code = "ABCD-EFGH-JKMN-PQRS"  # without digits that the cases below replace
    survey = Survey(survey.path.parent, wave="2026-Q4", box=survey.box, given=[code])
    for kind, body in malformed(code).items():
        status, _, told = door.post("/answer", body)
        assert status == 422, kind
        assert json.loads(told).keys() == {"error"}
        assert not any(one.encode() in told for one in (*SECRETS, "\n", code)), kind
    assert survey.box.turnout("2026-Q4") == (1, 0)
    assert door.answer(code)[0] == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Length": "99999999"}, 413),
        ({"Content-Type": 'application/json; charset="UTF-8"'}, 204),
        ({"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}, 204),
    ],
)
def test_headers_decide_whether_a_body_is_read(survey, door, headers, status):
    answer = door.post("/answer", ballot(survey.codes[0]), headers)
    assert answer[0] == status
    assert b"evil" not in answer[2]
    assert not any("evil" in one or one == "*" for one in answer[1].values())
    assert survey.box.turnout(survey.id)[1] == (status == 204)


def test_a_body_that_goes_on_and_on_is_cut(survey, door):
    def endless():
        for _ in range(100):
            yield b" " * 1000

    try:
        status, _, _ = door.ask("POST", "/answer", endless(), {"Content-Type": "application/json"})
    except (BrokenPipeError, ConnectionResetError):
        return  # it was cut before the answer could be read
    assert status == 413


def test_a_body_that_does_not_come_is_waited_for_a_moment_only(survey):
    with served(survey.box, body_seconds=0.05) as door:
        head = b"POST /answer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += b"Content-Length: 50\r\n\r\n{"
        assert door.raw(head).startswith(b"HTTP/1.1 408 ")


def test_two_lengths_are_refused(door):
    head = b"POST /answer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    both = head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert door.raw(both).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "path",
    [
        "/../ballots.sqlite",
        "/%2e%2e/ballots.sqlite",
        "/page/../box.py",
        "/words.en.json",
        "/form/..%2f..%2fballots.sqlite",
        "//evil.example/",
        "/protection.fr",
        "/form/",
        "/unit/",
    ],
)
def test_no_path_leads_out_of_the_page(door, path):
    status, headers, body = door.ask("GET", path)
    assert status == 404
    assert "location" not in {name.lower() for name in headers}
    assert json.loads(body) == {"error": "not found"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/answer"), ("PUT", "/answer"), ("POST", "/"), ("OPTIONS", "/unit")]
)
def test_other_methods_are_refused(door, method, path):
    status, headers, _ = door.ask(method, path)
    assert status == 405
    assert "access-control-allow-origin" not in {name.lower() for name in headers}


def test_a_script_in_a_comment_is_text(survey, door):
    wicked = "</script><img src=x onerror=alert(1)>"
    assert door.answer(survey.codes[0], comment=wicked)[0] == 204
    assert survey.opened()[0].comment == wicked


# ---- pace ------------------------------------------------------------------------------------------


def test_codes_are_tried_at_a_bounded_pace_and_accepted_ones_cost_nothing(survey):
    time_now = [0.0]
    pace = Pace(per_second=1, at_once=3, clock=lambda: time_now[0])
    with served(survey.box, pace=pace) as door:
        for _ in range(5):
            assert door.post("/unit", {"code": survey.codes[0]})[0] == 200
        assert [door.post("/unit", {"code": new_code()})[0] for _ in range(4)] == [403, 403, 403, 429]
        status, headers, _ = door.post("/unit", {"code": survey.codes[0]})
        assert (status, headers["retry-after"]) == (429, "1")
        time_now[0] += 1
        assert door.answer(survey.codes[0])[0] == 204


def test_the_pace_knows_of_nobody():
    assert set(vars(Pace())) == {"_per_second", "_most", "_clock", "_left", "_at"}
    assert "address" not in inspect.signature(Pace.is_through).parameters


# ---- many ------------------------------------------------------------------------------------------


def whole_visit(door, code):
    """What the page does for one person."""
    for path in ("/", "/ballot.css", "/ballot.js", "/icon.svg", "/words"):
        assert door.ask("GET", path)[0] == 200
    wave = json.loads(door.post("/unit", {"code": code})[2])["wave"]
    assert door.ask("GET", f"/form/{wave}")[0] == 200
    return door.answer(code, comment=code)[0]


@pytest.mark.parametrize("people", [20, pytest.param(500, marks=pytest.mark.soak)])
def test_many_answer_at_once_and_none_is_lost_or_doubled(tmp_path, people):
    survey = Survey(tmp_path, voters=people)
    began = time.monotonic()
    with served(survey.box) as door, ThreadPoolExecutor(min(people, 50)) as pool:
        assert set(pool.map(lambda code: whole_visit(door, code), survey.codes)) == {204}
    assert time.monotonic() - began < 60
    assert sorted(one.comment for one in survey.opened()) == sorted(survey.codes)
