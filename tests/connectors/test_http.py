"""What every HTTP source shares: which answers are limits, how long is waited, and what is given up."""

from datetime import UTC, datetime

import pytest
import time_machine

from connectors.base import RateLimited, SourceUnavailable
from connectors.http import (
    AskAgain,
    Patience,
    Reply,
    ask,
    classify,
    rate_limit,
)
from connectors.http_headers import A_YEAR_IN_SECONDS, parse_http_date, retry_after_seconds
from connectors.traffic import Traffic

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
DATE = {"date": "Mon, 02 Nov 2026 08:00:00 GMT"}
EMPTY = {"x-ratelimit-remaining": "0"}


def reply(status=200, text="{}", **headers):
    return Reply(status, {**DATE, **{name.replace("_", "-"): one for name, one in headers.items()}}, text)


def sending(*replies):
    """Sends these one after the other, and the last one for ever."""
    left = list(replies)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def asking(naps, *replies, **patience):
    settings = Patience(sleep=naps.append, **patience)
    return ask(sending(*replies), where="one/place", patience=settings, traffic=Traffic())


@pytest.mark.parametrize(
    ("answer", "seconds", "is_named"),
    [
        (reply(429), 60.0, False),
        (reply(420), 60.0, False),
        (reply(429, retry_after="7"), 7.0, True),
        (reply(429, retry_after="2.5"), 2.5, True),
        (reply(429, retry_after="Mon, 02 Nov 2026 08:02:00 GMT"), 120.0, True),
        (reply(403, '{"message": "API rate limit exceeded"}'), 60.0, False),
        (reply(403, '{"message": "You have triggered an abuse detection mechanism"}'), 60.0, False),
        (reply(429, x_ratelimit_remaining="0", x_ratelimit_reset=str(EPOCH + 90)), 91.0, True),
        (reply(429, x_ratelimit_remaining="0", x_ratelimit_reset="90"), 91.0, True),
        (reply(429, x_ratelimit_remaining="0.0", x_ratelimit_reset="90.0"), 91.0, True),
        (reply(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(EPOCH - 90)), 1.0, True),
        (reply(429, x_ratelimit_remaining="0", x_ratelimit_reset=f"{EPOCH + 90}000"), 60.0, False),
        (reply(429, x_ratelimit_remaining="0", x_ratelimit_reset="9" * 5000), 60.0, False),
        (reply(429, x_ratelimit_remaining="0"), 60.0, False),
    ],
)
def test_a_limit_and_how_long_it_lasts(answer, seconds, is_named):
    limit = rate_limit(answer)
    assert limit is not None
    assert (limit.seconds, limit.is_named) == (seconds, is_named)


@pytest.mark.parametrize("answer", [reply(403, '{"message": "no"}'), reply(200, "rate limit"), reply(503)])
def test_what_is_no_limit(answer):
    assert rate_limit(answer) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("3600", 3600.0),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("1e9", None),
        ("999999999999", None),
        ("9999999999", A_YEAR_IN_SECONDS),
        ("Fri, 31 Dec 9999 23:59:59 GMT", A_YEAR_IN_SECONDS),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Mon, 02 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_a_wait_that_no_server_can_mean_is_none(text, seconds):
    assert retry_after_seconds({"retry-after": text}, NOW) == seconds


def test_a_date_without_a_zone_is_in_utc_wherever_this_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert parse_http_date("Mon, 02 Nov 2026 08:00:00 -0000") == NOW
    assert parse_http_date("Mon, 02 Nov 2026 10:00:00 +0200") == NOW


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 520, 522, 524, 529, 530])
def test_what_may_pass_is_asked_again(naps, status):
    assert asking(naps, reply(status), reply()).status == 200
    assert naps == [0.5]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 501, 505])
def test_what_will_not_pass_is_the_callers_to_judge(naps, status):
    assert asking(naps, reply(status)).status == status
    assert naps == []


@pytest.mark.parametrize("text", ["", '{"a": ', "<html>"])
def test_a_body_that_is_cut_may_pass(text):
    with pytest.raises(AskAgain, match="cut or not JSON"):
        classify(reply(200, text))


def test_a_limit_that_names_no_wait_is_waited_for_longer_each_time(naps):
    answer = reply(403, "secondary rate limit")
    assert asking(naps, answer, answer, answer, reply()).status == 200
    assert naps == [60.0, 120.0, 240.0]


@time_machine.travel(NOW, tick=False)
def test_a_limit_that_lasts_is_a_limit_and_no_server_that_is_down(naps):
    with pytest.raises(RateLimited) as reached:
        asking(naps, reply(429, retry_after="30"), attempts=3)
    assert naps == [30.0, 30.0]
    assert reached.value.until == datetime(2026, 11, 2, 8, 0, 30, tzinfo=UTC)
    assert str(reached.value) == (
        "one/place: the rate limit is reached, 3 times in a row; the server is to be asked again after "
        "2026-11-02 08:00 UTC. Run again after that time; the next run continues where this one stopped"
    )


@time_machine.travel(NOW, tick=False)
def test_a_server_that_is_down_for_an_hour_has_no_limit_that_is_used_up(naps):
    with pytest.raises(RateLimited, match="503") as down:
        asking(naps, reply(503, retry_after="3600"))
    assert "limit" not in str(down.value)
    assert "after 2026-11-02 09:00 UTC" in str(down.value)


@pytest.mark.parametrize("text", ["nan", "inf", "999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_nobody_can_mean_is_no_internal_error(naps, status, text):
    with pytest.raises((RateLimited, SourceUnavailable)):
        asking(naps, reply(status, retry_after=text), attempts=2)


def test_a_server_that_keeps_failing_is_given_up(naps):
    with pytest.raises(SourceUnavailable, match=r"^one/place: the server answers 502, 3 times in a row\. "):
        asking(naps, reply(502), attempts=3)
    assert naps == [0.5, 1.0]


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"x_ratelimit_remaining": "12"}, 12),
        ({"ratelimit_remaining": "7.0"}, 7),
        ({"ratelimit_remaining": "9" * 5000}, None),
    ],
)
def test_the_allowance_that_is_left_is_known(naps, headers, left):
    traffic = Traffic()
    ask(sending(reply(**headers)), where="one", patience=Patience(sleep=naps.append), traffic=traffic)
    assert traffic.allowance_left == left


def test_a_body_is_parsed_once(naps, monkeypatch):
    parsed = []
    one = reply(200, '{"a": 1}')
    monkeypatch.setattr("connectors.http.json.loads", lambda text: parsed.append(text) or {"a": 1})
    assert asking(naps, one).json() == {"a": 1}
    assert one.json() == {"a": 1}
    assert parsed == ['{"a": 1}']
