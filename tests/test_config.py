"""The configuration: what is accepted, what each mistake is told as, and the tables it becomes."""

from datetime import UTC, date, datetime, time

import pytest
from pydantic import BaseModel

from connectors.base import SourceSettings
from pipelines.config import Configuration, ConfigurationError, config_tables, load
from pipelines.config_errors import known_keys


class GitHubLike(SourceSettings):
    """Stands for a source with a key of its own."""

    page_size: int = 25


KINDS = {"github": GitHubLike, "jira": SourceSettings, "pagerduty": SourceSettings}

ORGANISATION = '[organisation]\nid = "acme"\nname = "Acme"\n'

WHOLE = """
[organisation]
id = "acme"
name = "Acme"
time_zone = "Europe/Berlin"
quarter_start_month = 4
history_start = 2025-07-01
agreed_hours = [{ days = ["mon", "thu"], from = 09:00:00, to = 17:00:00 }, { days = ["fri"], to = 12:00:00 }]

[[department]]
id = "commerce"
name = "Commerce"

[[department]]
id = "checkout"
name = "Checkout"
parent = "commerce"

[[team]]
id = "payments"
name = "Payments"
department = "checkout"
known_as = ["code:acme/money", "Payments Core"]
wip_limit = 6
members = [{ account = "ada", from = 2025-01-01, to = 2026-01-01 }, { account = "grace" }]

[[service]]
id = "till"
name = "Till"
active_from = 2025-02-01
time_zone = "America/New_York"
owners = [{ team = "payments", from = 2025-02-01 }]
repositories = ["code:acme/till", "code:acme/shared"]
paths = ["./till/**", "/shared/money/"]
labels = ["area/till"]
jira_projects = ["PAY", "board:TILL"]
incident_services = ["Till: API", "pager:PABC123"]
deployments = { from = "tags", match = "^v\\\\d+$" }

[[source]]
name = "code"
kind = "github"
base_url = "https://github.example.org/api/v3"
token_env = "GITHUB_TOKEN"
page_size = 50

[[source]]
name = "board"
kind = "jira"

[[source]]
name = "pager"
kind = "pagerduty"

[rules]
incident_window_hours = 12
coverage_floor = 0.9
bots = ["ci-*", "*[bot]", "a[[]bot]"]
incident_labels = ["outage"]
incident_issue_types = ["[System] Incident"]
decision_issue_types = ["Decision"]
unplanned_work = ["Defect"]
user_reported = ["customer"]
hotfix_labels = ["urgent"]
hotfix_branches = ["fix-now/*"]
production_environments = ["live-*"]

[[status]]
source = "board"
name = "In Review"
means = "waiting"

[privacy]
k = 8
"""


@pytest.fixture
def read(tmp_path):
    """Load a configuration from text."""

    def from_text(text: str) -> Configuration:
        path = tmp_path / "outcomes.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, KINDS)

    return from_text


@pytest.fixture
def mistakes(read, tmp_path):
    """Load a text that has mistakes; give the lines without the constant beginning."""

    def of(text: str) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            read(text)
        start = f"error: {tmp_path / 'outcomes.toml'}: "
        lines = str(caught.value).splitlines()
        assert all(line.startswith(start) for line in lines), lines
        return [line.removeprefix(start) for line in lines]

    return of


def test_the_least_file_has_the_documented_defaults(read):
    configuration = read(ORGANISATION)
    assert configuration.organisation.time_zone == "UTC"
    assert configuration.organisation.quarter_start_month == 1
    assert configuration.rules.incident_window_hours == 24
    assert configuration.rules.coverage_floor == 0.8
    assert configuration.privacy.k == 6
    assert configuration.sources == []


def test_each_source_has_the_settings_of_its_kind(read):
    code, board, _ = read(WHOLE).sources
    assert isinstance(code, GitHubLike)
    assert code.page_size == 50
    assert type(board) is SourceSettings


def test_scopes_are_what_services_own_in_a_source(read):
    configuration = read(WHOLE)
    code, board, pager = configuration.sources
    assert configuration.scopes_of(code.name, "repositories") == ("acme/shared", "acme/till")
    assert configuration.scopes_of(board.name, "jira_projects") == ("PAY", "TILL")
    assert configuration.scopes_of(pager.name, "incident_services") == ("PABC123", "Till: API")


def test_a_prefix_keeps_a_scope_from_other_sources_of_its_kind(read):
    two = WHOLE + '\n[[source]]\nname = "other-board"\nkind = "jira"\n'
    configuration = read(two)
    assert configuration.scopes_of("other-board", "jira_projects") == ("PAY",)


def test_the_tables_hold_what_the_file_says(read):
    as_of = datetime(2026, 10, 1, 4, 10, tzinfo=UTC)
    tables = config_tables(read(WHOLE), "run-1", as_of)
    assert tables == {
        "organisation": [
            {
                "id": "acme",
                "name": "Acme",
                "time_zone": "Europe/Berlin",
                "quarter_start_month": 4,
                "history_start": date(2025, 7, 1),
            }
        ],
        "department": [
            {"id": "commerce", "name": "Commerce", "parent": None},
            {"id": "checkout", "name": "Checkout", "parent": "commerce"},
        ],
        "team": [{"id": "payments", "name": "Payments", "department": "checkout", "wip_limit": 6}],
        "team_name": [
            {"team": "payments", "source": "code", "name": "acme/money"},
            {"team": "payments", "source": None, "name": "Payments Core"},
        ],
        "team_member": [
            {
                "team": "payments",
                "account": "ada",
                "valid_from": date(2025, 1, 1),
                "valid_to": date(2026, 1, 1),
            },
            {"team": "payments", "account": "grace", "valid_from": None, "valid_to": None},
        ],
        "service": [
            {
                "id": "till",
                "name": "Till",
                "active_from": date(2025, 2, 1),
                "retired_at": None,
                "deployments_from": "tags",
                "deployments_match": r"^v\d+$",
            }
        ],
        "service_owner": [
            {"service": "till", "team": "payments", "valid_from": date(2025, 2, 1), "valid_to": None}
        ],
        "service_path": [{"service": "till", "path": "till"}, {"service": "till", "path": "shared/money"}],
        "service_label": [{"service": "till", "label": "area/till"}],
        "service_repository": [
            {"service": "till", "source": "code", "repository": "acme/till"},
            {"service": "till", "source": "code", "repository": "acme/shared"},
        ],
        "service_jira_project": [
            {"service": "till", "source": None, "project": "PAY"},
            {"service": "till", "source": "board", "project": "TILL"},
        ],
        "service_incident_service": [
            {"service": "till", "source": None, "incident_service": "Till: API"},
            {"service": "till", "source": "pager", "incident_service": "PABC123"},
        ],
        "service_indicator": [],
        "service_agreed_hours": [
            {
                "service": "till",
                "weekday": day,
                "begins": begins,
                "ends": ends,
                "time_zone": "America/New_York",
            }
            for day, begins, ends in [(1, time(9), time(17)), (4, time(9), time(17)), (5, time(0), time(12))]
        ],
        "status": [{"source": "board", "name": "In Review", "means": "waiting"}],
        "source": [
            {"name": "code", "kind": "github", "position": 0},
            {"name": "board", "kind": "jira", "position": 1},
            {"name": "pager", "kind": "pagerduty", "position": 2},
        ],
        "rule": [{"incident_window_hours": 12.0, "coverage_floor": 0.9}],
        "privacy": [{"least_answers": 8, "least_unit_size": 8}],
        "bot": [{"pattern": "ci-*"}, {"pattern": "*[[]bot]"}, {"pattern": "a[[]bot]"}],
        "incident_label": [{"label": "outage"}],
        "incident_issue_type": [{"type": "[System] Incident"}],
        "decision_issue_type": [{"type": "Decision"}],
        "unplanned_work": [{"name": "Defect"}],
        "user_reported": [{"name": "customer"}],
        "hotfix_label": [{"label": "urgent"}],
        "hotfix_branch": [{"pattern": "fix-now/*"}],
        "architecture_label": [{"label": "architecture"}],
        "production_environment": [{"pattern": "live-*"}],
        "run": [{"run_id": "run-1", "as_of": as_of}],
    }


def test_a_services_own_hours_replace_those_of_the_organisation(read):
    text = ORGANISATION + "agreed_hours = [{ from = 09:00:00 }]\n" + SERVICE
    own = text + 'agreed_hours = [{ days = ["sun"] }]\n'
    of_all, of_its_own = (
        config_tables(read(one), "run-1", datetime(2026, 10, 1, tzinfo=UTC))["service_agreed_hours"]
        for one in (text, own)
    )
    assert [(row["weekday"], row["begins"], row["ends"]) for row in of_all] == [
        (day, time(9), None) for day in (1, 2, 3, 4, 5)
    ]
    assert of_its_own == [
        {"service": "till", "weekday": 7, "begins": time(0), "ends": None, "time_zone": "UTC"}
    ]


TEAM = '[[team]]\nid = "pay"\nname = "Pay"\n'
SERVICE = '[[service]]\nid = "till"\nname = "Till"\n'
SOURCE = '[[source]]\nname = "code"\nkind = "github"\n'

ONE_MISTAKE = {
    "no organisation": ("", "organisation: is missing. Add a table [organisation] with id and name"),
    "unknown table": (ORGANISATION + "[rule]\n", 'rule: is not a known table. Did you mean "rules"?'),
    "unknown key": (
        ORGANISATION + "timezone = 'UTC'\n",
        'organisation.timezone: is not a known key. Did you mean "time_zone"?',
    ),
    "unknown key of a nested table": (
        ORGANISATION + TEAM + 'members = [{ account = "ada", form = 2026-01-01 }]\n',
        'team[pay].members[1].form: is not a known key. Did you mean "from"?',
    ),
    "unknown key of one kind of source": (
        ORGANISATION + SOURCE + "page_sise = 3\n",
        'source[code].page_sise: is not a known key. Did you mean "page_size"?',
    ),
    "required key missing": (
        '[organisation]\nid = "acme"\n',
        "organisation.name: is missing. Add it",
    ),
    "entry without an id is counted from one": (
        ORGANISATION + TEAM + '[[team]]\nname = "B"\n',
        "team[2].id: is missing. Add it",
    ),
    "number for text": (
        '[organisation]\nid = "acme"\nname = 7\n',
        'organisation.name: must be text. Write it in quotes: "…"',
    ),
    "text for number": (
        ORGANISATION + 'quarter_start_month = "4"\n',
        (
            "organisation.quarter_start_month: must be a whole number. "
            "Write it without quotes and without a fraction"
        ),
    ),
    "text for a list": (
        ORGANISATION + '[rules]\nbots = "ci"\n',
        "rules.bots: must be a list. Write it in square brackets: [ … ]",
    ),
    "text for a date": (
        ORGANISATION + 'history_start = "2026-01-01"\n',
        (
            "organisation.history_start: must be a date. "
            "Write it as 2026-01-31, without quotes and without a time"
        ),
    ),
    "time for a date": (
        ORGANISATION + "history_start = 2026-01-01T00:00:00Z\n",
        (
            "organisation.history_start: must be a date. "
            "Write it as 2026-01-31, without quotes and without a time"
        ),
    ),
    "text for a time": (
        ORGANISATION + 'agreed_hours = [{ from = "09:00" }]\n',
        ("organisation.agreed_hours[1].from: must be a time of day. Write it as 09:00:00, without quotes"),
    ),
    "a night as one stretch": (
        ORGANISATION + "agreed_hours = [{ from = 22:00:00, to = 06:00:00 }]\n",
        (
            "organisation.agreed_hours[1]: ends before it begins: `from` must be earlier than `to`. "
            "Write a night as two"
        ),
    ),
    "single brackets": (
        ORGANISATION + '[team]\nid = "pay"\n',
        "team: must be a list of tables. Head each entry with [[team]], in double brackets",
    ),
    "double brackets": (
        ORGANISATION + "[[rules]]\n",
        "rules: must be a table. Write its keys below a heading in brackets, or as { key = … }",
    ),
    "id with a space": (
        ORGANISATION + '[[team]]\nid = "The Pay"\nname = "Pay"\n',
        (
            "team[1].id: is not a name of lower-case letters, digits, - and _ that starts with a letter "
            'or digit. Choose a short one such as "payments"'
        ),
    ),
    "month 13": (
        ORGANISATION + "quarter_start_month = 13\n",
        "organisation.quarter_start_month: must be at most 12. Change the number",
    ),
    "window of no hours": (
        ORGANISATION + "[rules]\nincident_window_hours = 0\n",
        "rules.incident_window_hours: must be more than 0. Change the number",
    ),
    "coverage above one": (
        ORGANISATION + "[rules]\ncoverage_floor = 80\n",
        "rules.coverage_floor: must be at most 1. Change the number",
    ),
    "unknown time zone": (
        ORGANISATION + 'time_zone = "Berlin"\n',
        'organisation.time_zone: is not a known time zone. Use a name such as "Europe/Berlin" or "UTC"',
    ),
    "k below the floor": (
        ORGANISATION + "[privacy]\nk = 5\n",
        "privacy.k: is below 6, a floor that can only be raised. Leave k out or raise it",
    ),
    "dates the wrong way round": (
        ORGANISATION + TEAM + 'members = [{ account = "ada", from = 2026-02-01, to = 2026-02-01 }]\n',
        (
            "team[pay].members[1]: ends before it begins: `from` must be earlier than `to`. "
            "Mend one of the dates"
        ),
    ),
    "member twice on one day": (
        ORGANISATION
        + TEAM
        + 'members = [{ account = "ada", to = 2026-02-01 }, { account = "ada", from = 2026-01-31 }]\n',
        "team[pay].members: has overlapping dates for the same account. End one where the next begins",
    ),
    "retired before active": (
        ORGANISATION + SERVICE + "active_from = 2026-02-01\nretired_at = 2026-01-01\n",
        "service[till]: is retired before it is active. Mend `active_from` or `retired_at`",
    ),
    "regular expression": (
        ORGANISATION + SERVICE + 'deployments = { match = "(" }\n',
        (
            "service[till].deployments.match: is not a valid regular expression (RE2: no look-around, "
            r'no back-references). Write, for example, "^v\\d+" or "^prod"'
        ),
    ),
    "look-around, which the engine lacks": (
        ORGANISATION + SERVICE + 'deployments = { match = "^(?!pre)prod" }\n',
        (
            "service[till].deployments.match: is not a valid regular expression (RE2: no look-around, "
            r'no back-references). Write, for example, "^v\\d+" or "^prod"'
        ),
    ),
    "unknown origin of deployments": (
        ORGANISATION + SERVICE + 'deployments = { from = "release" }\n',
        (
            "service[till].deployments.from: "
            "must be one of deployments, releases, tags, workflow_runs, inbox. "
            'Did you mean "releases"?'
        ),
    ),
    "unknown kind of source": (
        ORGANISATION + '[[source]]\nname = "code"\nkind = "git-hub"\n',
        'source[code].kind: is not a kind of source. Did you mean "github"?',
    ),
    "source without a kind": (
        ORGANISATION + '[[source]]\nname = "code"\n',
        "source[code].kind: is missing. Known here: github, jira, pagerduty",
    ),
    "unknown parent": (
        ORGANISATION + '[[department]]\nid = "a"\nname = "A"\nparent = "b"\n',
        "department[a].parent: names a department that has no [[department]]. Known here: a",
    ),
    "unknown department": (
        ORGANISATION + TEAM + 'department = "commerce"\n',
        "team[pay].department: names a department that has no [[department]]. None is defined in this file",
    ),
    "unknown owner": (
        ORGANISATION + TEAM + SERVICE + 'owners = [{ team = "pya" }]\n',
        'service[till].owners[1].team: names a team that has no [[team]]. Did you mean "pay"?',
    ),
    "unknown source of a status": (
        ORGANISATION + SOURCE + '[[status]]\nsource = "kode"\nname = "Doing"\nmeans = "active"\n',
        'status[1].source: names a source that has no [[source]]. Did you mean "code"?',
    ),
    "repository without a source": (
        ORGANISATION + SOURCE + SERVICE + 'repositories = ["acme/till"]\n',
        'service[till].repositories[1]: is not a repository of a source. Write it as "source:owner/name"',
    ),
    "repository of an unknown source": (
        ORGANISATION + SOURCE + SERVICE + 'repositories = ["cod:acme/till"]\n',
        'service[till].repositories[1]: names a source that has no [[source]]. Did you mean "code"?',
    ),
    "incident service with a colon": (
        ORGANISATION + SOURCE + SERVICE + 'incident_services = ["till:api"]\n',
        (
            "service[till].incident_services[1]: names a source that has no [[source]]. Known here: code. "
            "A name that has a colon itself needs its source before it"
        ),
    ),
    "repository named twice": (
        ORGANISATION + SOURCE + SERVICE + 'repositories = ["code:acme/till", "code:Acme/Till"]\n',
        "service[till].repositories: names the same thing twice. Remove one of them",
    ),
    "part of a repository that is a pattern": (
        ORGANISATION + SERVICE + 'paths = ["services/*/api"]\n',
        ('service[till].paths[1]: is no part of a repository. Write a folder such as "services/checkout/"'),
    ),
    "part of a repository that is all of it": (
        ORGANISATION + SERVICE + 'paths = ["/"]\n',
        ('service[till].paths[1]: is no part of a repository. Write a folder such as "services/checkout/"'),
    ),
    "part of a repository that leads out of it": (
        ORGANISATION + SERVICE + 'paths = ["services/../../etc"]\n',
        ('service[till].paths[1]: is no part of a repository. Write a folder such as "services/checkout/"'),
    ),
    "one part twice, written in two ways": (
        ORGANISATION + SERVICE + 'paths = ["till", "./till/"]\n',
        "service[till].paths: names the same thing twice. Remove one of them",
    ),
    "name of a team in an unknown source": (
        ORGANISATION + SOURCE + TEAM + 'known_as = ["cod:acme/pay"]\n',
        (
            'team[pay].known_as[1]: names a source that has no [[source]]. Did you mean "code"? '
            "A name that has a colon itself needs its source before it"
        ),
    ),
    "two teams of one name elsewhere": (
        ORGANISATION
        + SOURCE
        + TEAM
        + 'known_as = ["code:acme/pay"]\n[[team]]\nid = "b"\nname = "B"\nknown_as = ["code:Acme/Pay"]\n',
        "team[b].known_as[1]: is what another team is known as. Leave it with the team that it means",
    ),
    "two teams of one id": (
        ORGANISATION + TEAM + TEAM,
        "team[pay].id: entry 2 repeats the id of an earlier team. Give each team its own id",
    ),
    "two sources of one name": (
        ORGANISATION + SOURCE + SOURCE,
        "source[code].name: entry 2 repeats the name of an earlier source. Give each source its own name",
    ),
    "status with two meanings": (
        ORGANISATION
        + SOURCE
        + '[[status]]\nsource = "code"\nname = "Doing"\nmeans = "active"\n'
        + '[[status]]\nsource = "code"\nname = "doing"\nmeans = "done"\n',
        "status[2].name: gives a status of a source a second meaning. Remove one of the two entries",
    ),
    "a token's name in small letters": (
        ORGANISATION + SOURCE + 'token_env = "my token"\n',
        (
            "source[code].token_env: is not the name of an environment variable. Write a name in capitals "
            "such as GITHUB_TOKEN, and the secret itself into that variable"
        ),
    ),
    "syntax": (
        '[organisation]\nid = "acme\n',
        "line 2, column 11: is not valid TOML (Illegal character '\\n'). Mend the text there",
    ),
    "key twice": (
        '[organisation]\nid = "a"\nid = "b"\n',
        "line 3, column 9: is not valid TOML (Cannot overwrite a value). Mend the text there",
    ),
}


@pytest.mark.parametrize(("text", "line"), ONE_MISTAKE.values(), ids=ONE_MISTAKE)
def test_one_mistake_is_one_line(mistakes, text, line):
    assert mistakes(text) == [line]


def test_departments_in_a_circle_are_each_named(mistakes):
    text = ORGANISATION + "".join(
        f'[[department]]\nid = "{name}"\nname = "X"\nparent = "{parent}"\n'
        for name, parent in [("a", "b"), ("b", "c"), ("c", "a"), ("below", "a")]
    )
    assert [line.partition(":")[0] for line in mistakes(text)] == [
        "department[a].parent",
        "department[b].parent",
        "department[c].parent",
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_file(mistakes):
    text = (
        '[[team]]\nid = "pay"\nname = 7\ndepartment = "gone"\n'
        '[[source]]\nname = "code"\nkind = "github"\npage_size = "x"\n'
        '[organisation]\nid = "acme"\nname = "Acme"\nquarter_start_month = 0\n'
        "[extra]\n"
    )
    assert [line.partition(": ")[0] for line in mistakes(text)] == [
        "team[pay].name",
        "team[pay].department",
        "source[code].page_size",
        "organisation.quarter_start_month",
        "extra",
    ]


# Put together here so that no scanner takes this file for a leak.
SECRETS = {
    "github classic": "gh" + "p_" + "a1B2" * 9,
    "github fine-grained": "github" + "_pat_" + "11ABCDE0" * 4,
    "slack": "xox" + "b-1234-abcd",
    "atlassian": "ATA" + "TT3xFfGF0" + "aB3" * 20,
    "json web token": "ey" + "JhbGciOiJI.eyJzdWIiOiIx.sig",
    "url with a password": "https://ada:" + "s3cret" + "@jira.example.org",
    "random text": "Zk3" + "qW9rT1" + "yU7pL4mN0bV6",
    "hexadecimal": "0123456789abcdef" * 2,
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize(
    ("table", "place"),
    [
        (SOURCE + 'base_url = "{}"\n', "source[code].base_url"),
        (SERVICE + 'incident_services = ["{}"]\n', "service[till].incident_services[1]"),
        ('[rules]\nextra = {{ deep = ["{}"] }}\n', "rules.extra"),
    ],
    ids=["a known key", "a list", "an unknown key"],
)
def test_a_secret_is_refused_and_never_repeated(mistakes, table, place, secret):
    lines = mistakes(ORGANISATION + table.format(secret))
    assert any(line.startswith(place) and "looks like a secret" in line for line in lines)
    assert secret not in "\n".join(lines)


@pytest.mark.parametrize("key", ["token", "password", "api_key", "client_secret", "apikey"])
def test_a_key_for_a_secret_is_refused_whatever_it_holds(mistakes, key):
    (line,) = mistakes(ORGANISATION + SOURCE + f'{key} = "hunter2"\n')
    assert line.startswith(f"source[code].{key}: holds what looks like a secret")
    assert "hunter2" not in line


def test_a_secret_in_place_of_a_variable_name_is_not_repeated(mistakes):
    secret = SECRETS["github classic"]
    (line,) = mistakes(ORGANISATION + SOURCE + f'token_env = "{secret}"\n')
    assert line.startswith("source[code].token_env: is not the name of an environment variable")
    assert secret not in line


def test_a_secret_used_as_a_name_is_not_repeated_by_references_to_it(mistakes):
    secret = "gh" + "p_" + "abcdefgh1234"
    text = ORGANISATION + f'[[team]]\nid = "{secret}"\nname = "A"\n' + SERVICE + 'owners = [{ team = "x" }]\n'
    assert secret not in "\n".join(mistakes(text))


@pytest.mark.parametrize(
    "harmless",
    [
        "5b10ac8d82e05b22cc7d4ef5",
        "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_opaque_account_ids_are_no_secrets(read, harmless):
    configuration = read(ORGANISATION + TEAM + f'members = [{{ account = "{harmless}" }}]\n')
    assert configuration.teams[0].members[0].account == harmless


@pytest.mark.parametrize("name", ["CheckoutServiceV2Production", "payments-gateway-eu-west-1-2024"])
def test_long_plain_names_are_no_secrets(read, name):
    assert read(ORGANISATION + SERVICE + f'incident_services = ["{name}"]\n').services


def test_adjoining_ranges_and_shared_ownership_are_fine(read):
    configuration = read(
        ORGANISATION
        + '[[team]]\nid = "a"\nname = "A"\n'
        + 'members = [{ account = "ada", to = 2026-02-01 }, { account = "ada", from = 2026-02-01 }]\n'
        + '[[team]]\nid = "b"\nname = "B"\n'
        + SERVICE
        + 'owners = [{ team = "a" }, { team = "b", from = 2026-01-01 }]\n'
    )
    assert [owner.team for owner in configuration.services[0].owners] == ["a", "b"]


def test_a_missing_file_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(ConfigurationError, match=r"there is no such file\. Write one with `outcomes init`"):
        load(tmp_path / "outcomes.toml", KINDS)


def test_a_folder_is_not_a_configuration(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Is a directory\)"):
        load(tmp_path, KINDS)


def test_another_encoding_is_named(tmp_path):
    path = tmp_path / "outcomes.toml"
    path.write_bytes(ORGANISATION.replace("Acme", "Société").encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"is not UTF-8 text\. Save it as UTF-8"):
        load(path, KINDS)


def test_a_byte_order_mark_is_ignored(tmp_path):
    path = tmp_path / "outcomes.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ORGANISATION.encode())
    assert load(path, KINDS).organisation.id == "acme"


def test_without_kinds_the_connectors_are_asked(tmp_path):
    path = tmp_path / "outcomes.toml"
    path.write_text(ORGANISATION + '[[source]]\nname = "code"\nkind = "no-such-kind"\n')
    with pytest.raises(ConfigurationError, match=r"source\[code\]\.kind: is not a kind of source"):
        load(path)


def test_the_keys_are_those_that_the_contract_fixes():
    """Written down by hand: a renamed key breaks every configuration out there."""
    assert {table: set(known_keys(Configuration, (table,))) for table in known_keys(Configuration)} == {
        "organisation": {"id", "name", "time_zone", "quarter_start_month", "history_start", "agreed_hours"},
        "department": {"id", "name", "parent"},
        "team": {"id", "name", "department", "known_as", "members", "wip_limit"},
        "service": {
            "id",
            "name",
            "active_from",
            "retired_at",
            "time_zone",
            "agreed_hours",
            "owners",
            "repositories",
            "paths",
            "labels",
            "jira_projects",
            "incident_services",
            "indicators",
            "deployments",
        },
        "source": {"name", "kind", "base_url", "token_env", "include", "exclude", "pace_seconds"},
        "rules": {
            "incident_window_hours",
            "bots",
            "incident_labels",
            "incident_issue_types",
            "decision_issue_types",
            "unplanned_work",
            "user_reported",
            "hotfix_labels",
            "hotfix_branches",
            "architecture_labels",
            "production_environments",
            "coverage_floor",
        },
        "status": {"source", "name", "means"},
        "actions": {"source", "project", "issue_type", "token_env", "user_env"},
        "digest": {
            "address",
            "mail_server",
            "mail_port",
            "mail_security",
            "mail_from",
            "mail_user_env",
            "mail_password_env",
            "receiver",
        },
        "privacy": {"k"},
        "survey": {"bank", "modules", "languages", "roster", "address", "least_members"},
        "access": {
            "metadata_url",
            "client_id",
            "client_secret_env",
            "cookie_secret_env",
            "redirect_url",
            "scopes",
            "groups_claim",
            "session_hours",
            "restricted",
            "grant",
        },
    }
    assert set(known_keys(Configuration, ("access", "grant"))) == {
        "role",
        "groups",
        "addresses",
        "teams",
        "department",
    }
    assert set(known_keys(Configuration, ("team", "members"))) == {"account", "from", "to"}
    assert set(known_keys(Configuration, ("service", "owners"))) == {"team", "from", "to"}
    assert set(known_keys(Configuration, ("service", "deployments"))) == {"from", "match"}
    assert set(known_keys(Configuration, ("service", "agreed_hours"))) == {"days", "from", "to"}


def test_keys_are_not_confused_by_a_model_without_aliases():
    class Plain(BaseModel):
        inner: GitHubLike

    assert "page_size" in known_keys(Plain, ("inner",))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            'source = "jira"',
            "actions.project: is missing. Making issues needs source, project, token_env: add it",
        ),
        (
            'source = "github"\nproject = "ACT"\ntoken_env = "WRITER"',
            "actions.source: is a source in which no issues can be made. Name one of kind jira",
        ),
        ('source = "jra"\nproject = "ACT"\ntoken_env = "WRITER"', "actions.source: names a source"),
    ],
)
def test_a_tracker_is_told_wholly_and_can_make_issues(tmp_path, keys, told):
    path = tmp_path / "outcomes.toml"
    path.write_text(
        f"""
        [organisation]
        id = "acme"
        name = "Acme"
        [[source]]
        name = "jira"
        kind = "jira"
        base_url = "https://acme.example"
        [[source]]
        name = "github"
        kind = "github"
        [actions]
        {keys}
        """,
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError) as refused:
        load(path)
    assert told in str(refused.value)
