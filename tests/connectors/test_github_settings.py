"""What a `[[source]]` of kind github may say."""

import pytest
from pydantic import ValidationError

from connectors.github.settings import Settings

APP = {"app_id": "12", "app_installation_id": 34, "app_private_key_env": "KEY"}


def settings(**keys):
    return Settings(name="github", kind="github", **keys)


def test_nothing_needs_to_be_said():
    plain = settings()
    assert (plain.reserve, plain.when_exhausted, plain.max_wait_seconds) == (500, "wait", 3700.0)
    assert (plain.organisations, plain.archived, plain.forks, plain.teams) == ([], "skip", "skip", False)
    assert (plain.code_owners, plain.history, plain.pull_requests_per_page) == (True, "api", 25)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.example.org/api/v3",
        "https://api.alder.ghe.com",
        "https://api.github.com",
        "http://127.0.0.1:8080/api/v3",
        "http://localhost",
    ],
)
def test_an_address_of_the_api_is_taken_without_its_last_slash(address):
    assert settings(base_url=f"{address}/").base_url == address


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("http://github.example.org/api/v3", "is not an https address"),
        ("https://ada:secret@github.example.org/api/v3", "is not an https address without credentials"),
        ("github.example.org", "is not an https address"),
        ("https://github.example.org/api/v3?token=1", "is not an https address"),
        ("https://github.com/alder", "is github.com's web site"),
    ],
)
def test_any_other_address_is_refused(address, complaint):
    with pytest.raises(ValidationError, match=complaint):
        settings(base_url=address)


def test_patterns_include_repositories_only_where_organisations_are_searched():
    assert settings(organisations=["alder"], include=["alder/shop-*", "*/docs"]).include[0] == "alder/shop-*"
    with pytest.raises(ValidationError, match="without a pattern unless organisations is set"):
        settings(include=["alder/shop-*"])


@pytest.mark.parametrize("name", ["alder", "alder/", "alder/shop/docs", "github:alder/shop"])
def test_what_is_no_repository_is_not_included(name):
    for organisations in ([], ["alder"]):
        with pytest.raises(ValidationError, match="include names what is no repository"):
            settings(organisations=organisations, include=[name])


@pytest.mark.parametrize("pattern", ["alder/shop", "alder/shop-*", "*/shop", "*-old", "*"])
def test_a_pattern_on_whole_names_excludes(pattern):
    assert settings(exclude=[pattern]).exclude == [pattern]


@pytest.mark.parametrize("pattern", ["shop", "shop-*", "alder/", "alder/shop/docs", "github:alder/shop", ""])
def test_what_fits_no_repository_is_not_excluded(pattern):
    with pytest.raises(ValidationError, match=r"exclude\n.* names what fits no repository"):
        settings(exclude=[pattern])


@pytest.mark.parametrize("name", ["alder/shop", "alder*", ""])
def test_an_organisation_is_named_by_its_login(name):
    with pytest.raises(ValidationError, match="names what is no organisation"):
        settings(organisations=[name])


@pytest.mark.parametrize("key", APP)
def test_an_app_needs_all_of_its_three_keys(key):
    with pytest.raises(ValidationError, match="Set all three"):
        settings(**{other: value for other, value in APP.items() if other != key})


def test_the_number_of_an_app_may_be_written_as_one():
    assert settings(**{**APP, "app_id": 12}).app_id == "12"


@pytest.mark.parametrize("keys", [{"token_env": "T"}, {"token_envs": ["T"]}])
def test_an_app_and_a_token_are_one_too_many(keys):
    with pytest.raises(ValidationError, match="Keep either app_id or token_env"):
        settings(**APP, **keys)


@pytest.mark.parametrize("more", [["A"], ["B", "B"]])
def test_each_variable_is_named_once(more):
    with pytest.raises(ValidationError, match="Name each once"):
        settings(token_env="A", token_envs=more)


def test_a_token_itself_is_no_variable():
    with pytest.raises(ValidationError, match="names what is no environment variable"):
        settings(token_envs=["ghp_secret"])


def test_teams_are_read_of_organisations():
    with pytest.raises(ValidationError, match="Set organisations, or teams = false"):
        settings(teams=True)
    assert settings(organisations=["alder"], teams=True).teams


@pytest.mark.parametrize("keys", [{"reserve": -1}, {"max_wait_seconds": -1}, {"when_exhausted": "beg"}])
def test_limits_are_sane(keys):
    with pytest.raises(ValidationError):
        settings(**keys)
