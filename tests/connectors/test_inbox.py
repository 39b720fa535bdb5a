"""The inbox: what each format may hold, and one clear line for everything it may not."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.base import Batch, Cursor, InputError, SourceContext, Unread
from connectors.inbox.source import InboxSource, Settings
from connectors.records import Deployment, Incident

RECORDED = Path(__file__).parent.parent / "recorded" / "inbox"
INCIDENTS = "incident_id,service,started_at,title,resolved_at,updated_at\n"
ONE = "I-1,payments,2026-10-01T09:00:00Z,Card payments fail,2026-10-01T10:00:00Z,\n"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def inbox(folder: Path):
    def build(**keys: Any) -> InboxSource:
        return InboxSource(
            Settings(name="inbox", kind="inbox", **keys), SourceContext(None, (), str(folder.parent))
        )

    return build


def read(source: InboxSource, scope: str, stream: str = "incidents", cursor: Cursor | None = None) -> Batch:
    (batch,) = source.fetch(stream, scope, cursor or Cursor())
    assert batch.is_final
    return batch


def refusal(source: InboxSource, scope: str, stream: str = "incidents") -> str:
    with pytest.raises(InputError) as raised:
        list(source.fetch(stream, scope, Cursor()))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_incidents_of_every_column(inbox, folder):
    shutil.copy(RECORDED / "incidents_every_column.csv", folder)
    full, least = read(inbox(), "incidents_every_column.csv").records
    assert full == Incident(
        id="I-1",
        service_id="payments",
        service_name="payments",
        title="Card payments, all of them, fail",
        description="https://wiki.example.org/postmortems/1",
        url="https://status.example.org/1",
        status="resolved",
        severity="SEV1",
        environment="production",
        created_at=utc("2026-10-01T07:05:00Z"),
        started_at=utc("2026-10-01T07:00:00Z"),
        acknowledged_at=utc("2026-10-01T07:10:00Z"),
        mitigated_at=utc("2026-10-01T07:40:00Z"),
        resolved_at=utc("2026-10-01T08:00:00Z"),
        updated_at=utc("2026-10-02T08:00:00Z"),
        caused_by_deployment="checkout-4711",
        caused_by_sha="0f3a",
        caused_by_pull_request="example/checkout#12",
        fixed_by_deployment="checkout-4712",
        is_test=True,
        merged_into="I-0",
        detected_at=utc("2026-10-01T07:05:00Z"),
        dedupe_group="PABC12",
        reported_by="team",
        rotation="Payments on call",
        causes=["deploy", "configuration"],
        postmortem_url="https://wiki.example.org/postmortems/1",
    )
    assert least == Incident(
        id="I-2",
        service_id="catalogue",
        service_name="catalogue",
        title="Störung der Suche",
        description=None,
        url=None,
        status="open",
        severity=None,
        environment="production",
        created_at=utc("2026-10-03T10:00:00Z"),
        started_at=utc("2026-10-03T10:00:00Z"),
        acknowledged_at=None,
        mitigated_at=None,
        resolved_at=None,
        updated_at=None,
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=None,
    )


def test_deployments_of_every_column(inbox, folder):
    shutil.copy(RECORDED / "deployments.ndjson", folder)
    full, least = read(inbox(), "deployments.ndjson", "deployments").records
    assert full == Deployment(
        id="4711",
        repository_id=None,
        service="checkout",
        sha="0f3a",
        ref="release/7",
        environment="staging",
        original_environment="staging",
        task=None,
        state="FAILURE",
        created_at=utc("2026-10-01T06:50:00Z"),
        finished_at=utc("2026-10-01T07:00:00Z"),
        updated_at=utc("2026-10-01T07:01:00Z"),
        url="https://ci.example.org/4711",
        dedupe_group="github:99",
    )
    assert isinstance(least, Deployment)
    assert (least.environment, least.state, least.sha) == ("production", "SUCCESS", None)
    assert least.created_at == least.finished_at == utc("2026-10-02T07:00:00Z")


def test_the_three_formats_give_the_same_records(inbox, folder):
    rows = [
        {
            "incident_id": "I-1",
            "service": "payments",
            "started_at": "2026-10-01T09:00:00+02:00",
            "title": "a, b",
        },
        {"incident_id": "I-2", "service": "payments", "started_at": "2026-10-02T09:00:00Z", "title": "c"},
    ]
    quoted = "".join(
        f'{one["incident_id"]},{one["service"]},{one["started_at"]},"{one["title"]}"\n' for one in rows
    )
    (folder / "incidents.csv").write_text("incident_id,service,started_at,title\n" + quoted)
    (folder / "incidents.ndjson").write_text("\n".join(json.dumps(one) for one in rows))
    typed = [{**one, "started_at": utc(one["started_at"])} for one in rows]
    zoned = pa.schema(
        [
            ("incident_id", pa.string()),
            ("service", pa.string()),
            ("started_at", pa.timestamp("ns", tz="Europe/Berlin")),
            ("title", pa.string()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(typed, schema=zoned), folder / "incidents.parquet")
    source = inbox()
    assert source.scopes("incidents") == ["incidents.csv", "incidents.ndjson", "incidents.parquet"]
    first, second, third = (read(source, name).records for name in source.scopes("incidents"))
    assert first == second == third
    assert [record.id for record in first] == ["I-1", "I-2"]


def test_an_unchanged_file_costs_nothing_and_a_changed_one_is_read(inbox, folder):
    path = folder / "incidents.csv"
    path.write_text(INCIDENTS + ONE)
    first = read(inbox(), "incidents.csv")
    stored = Cursor.from_json(first.cursor.to_json())
    again = read(inbox(), "incidents.csv", cursor=stored)
    assert (len(first.records), len(again.records)) == (1, 0)
    assert again.cursor == first.cursor
    path.write_text(INCIDENTS + ONE.replace("I-1", "I-9"))
    assert [one.id for one in read(inbox(), "incidents.csv", cursor=stored).records] == ["I-9"]


def test_only_files_of_a_stream_that_are_whole_are_scopes(inbox, folder):
    names = (
        "incidents.csv",
        "incidents-2026.ndjson",
        "deployments.csv",
        ".incidents.csv",
        "incidents.csv.tmp",
        "incidents.xlsx",
        "other.csv",
    )
    for name in names:
        (folder / name).write_text("")
    (folder / "incidents-folder.csv").mkdir()
    assert inbox().scopes("incidents") == ["incidents-2026.ndjson", "incidents.csv"]
    assert inbox().scopes("deployments") == ["deployments.csv"]
    assert inbox(exclude=["*2026*"]).scopes("incidents") == ["incidents.csv"]
    assert inbox(include=["*2026*"]).scopes("incidents") == ["incidents-2026.ndjson"]


def test_without_a_folder_there_is_nothing_to_read(tmp_path):
    source = InboxSource(
        Settings(name="inbox", kind="inbox"), SourceContext(None, (), str(tmp_path / "home"))
    )
    assert source.scopes("incidents") == ()
    assert source.check() == []
    assert source.traffic.calls == 0


def test_check_reports_each_file_and_those_that_nothing_reads(inbox, folder):
    (folder / "incidents.csv").write_text(INCIDENTS + ONE)
    (folder / "deployments.csv").write_text("wrong\n")
    (folder / "incident.csv").write_text(INCIDENTS + ONE)
    (folder / "incidents.csv.tmp").write_text("")
    found = [(one.where, one.is_fine) for one in inbox().check()]
    assert found == [
        ("inbox/deployments.csv", False),
        ("inbox/incidents.csv", True),
        ("inbox/incident.csv", False),
    ]


def test_census_gives_the_ids_in_the_file(inbox, folder):
    (folder / "incidents.csv").write_text(INCIDENTS + ONE)
    assert list(inbox().census("incidents", "incidents.csv")) == ["I-1"]


def test_an_empty_file_with_its_header_is_no_error(inbox, folder):
    (folder / "incidents.csv").write_text(INCIDENTS)
    (folder / "incidents.ndjson").write_text("")
    assert read(inbox(), "incidents.csv").records == []
    assert read(inbox(), "incidents.ndjson").records == []


def test_marks_and_line_ends_of_spreadsheets_are_fine(inbox, folder):
    text = INCIDENTS + ONE.replace("Card payments fail", '"two\nlines"') + "\n"
    (folder / "incidents.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (record,) = read(inbox(), "incidents.csv").records
    assert isinstance(record, Incident)
    assert record.title == "two\r\nlines"


GOOD = "I-0,payments,2026-10-01T09:00:00Z,fine,,\n"

CSV_FAULTS = {
    "naive time": (
        INCIDENTS + GOOD + "I-1,payments,2026-10-01 09:00,x,,\n",
        (
            "inbox/incidents.csv line 3 column started_at: is a time without a time zone. "
            "Append Z for UTC or an offset such as +02:00"
        ),
    ),
    "date only": (
        INCIDENTS + "I-1,payments,2026-10-01,x,,\n",
        (
            "inbox/incidents.csv line 2 column started_at: is a time without a time zone. "
            "Append Z for UTC or an offset such as +02:00"
        ),
    ),
    "no time": (
        INCIDENTS + "I-1,payments,yesterday,x,,\n",
        "inbox/incidents.csv line 2 column started_at: is not a time. Write it as 2026-10-01T09:30:00Z",
    ),
    "epoch seconds": (
        INCIDENTS + "I-1,payments,2026-10-01T09:00:00Z,x,1790000000,\n",
        "inbox/incidents.csv line 2 column resolved_at: is not a time. Write it as 2026-10-01T09:30:00Z",
    ),
    "empty value": (
        INCIDENTS + "I-1,,2026-10-01T09:00:00Z,x,,\n",
        "inbox/incidents.csv line 2 column service: is empty. Write a value",
    ),
    "blank value": (
        INCIDENTS + "I-1,  ,2026-10-01T09:00:00Z,x,,\n",
        "inbox/incidents.csv line 2 column service: is empty. Write a value",
    ),
    "wrong header": (
        "incident,service,started_at,title\n",
        "inbox/incidents.csv line 1: unknown column 'incident'. Did you mean incident_id? ",
    ),
    "missing column": (
        "incident_id,service,title\n",
        (
            "inbox/incidents.csv line 1: column started_at is missing. "
            "Add it; required: incident_id, service, started_at, title"
        ),
    ),
    "column twice": (
        "incident_id,service,started_at,title,title\n",
        "inbox/incidents.csv line 1: column title comes twice. Remove one of them",
    ),
    "no header at all": ("", "inbox/incidents.csv: is empty. "),
    "semicolons": (
        (INCIDENTS + GOOD).replace(",", ";"),
        "inbox/incidents.csv line 1: the columns are not separated by commas. Save the file with commas",
    ),
    "cut in a value": (
        INCIDENTS + GOOD + "I-1,payments,2026-10-01T09:00:00Z,x,,2026-10-0",
        "inbox/incidents.csv line 3: the last line has no end, so the file may be cut. ",
    ),
    "cut in the last text": (
        "incident_id,service,started_at,title\nI-1,payments,2026-10-01T09:00:00Z,Card paym",
        "inbox/incidents.csv line 2: the last line has no end, so the file may be cut. ",
    ),
    "too few values": (
        INCIDENTS + GOOD + "I-1,payments\n",
        "inbox/incidents.csv line 3: has 2 values for 6 columns. ",
    ),
    "too many values": (
        INCIDENTS + "I-1,payments,2026-10-01T09:00:00Z,a,b,,\n",
        "inbox/incidents.csv line 2: has 7 values for 6 columns. ",
    ),
    "open quotation": (
        INCIDENTS + 'I-1,payments,2026-10-01T09:00:00Z,"x,,\n',
        "inbox/incidents.csv line 2: a quotation is not closed or misplaced. ",
    ),
    "same id, other values": (
        INCIDENTS + GOOD + GOOD.replace("fine", "other"),
        (
            "inbox/incidents.csv line 3: has the id of incidents.csv line 2 but other values. "
            "Remove one of both, or give each its own updated_at"
        ),
    ),
}


@pytest.mark.parametrize(("text", "message"), CSV_FAULTS.values(), ids=CSV_FAULTS.keys())
def test_a_malformed_csv_file_is_refused_as_a_whole(inbox, folder, text, message):
    (folder / "incidents.csv").write_text(text)
    (folder / "incidents-good.csv").write_text(INCIDENTS + ONE)
    assert refusal(inbox(), "incidents.csv").startswith(message)
    assert len(read(inbox(), "incidents-good.csv").records) == 1, "other files go on"


NDJSON_FAULTS = {
    "cut": ('{"incident_id": "I-1", "serv', "inbox/incidents.ndjson line 2: is not a complete JSON object. "),
    "no object": (
        "[1, 2]\n",
        "inbox/incidents.ndjson line 2: is not a JSON object. Write one object per line",
    ),
    "unknown key": (
        '{"incident_id": "I-1", "service": "p", "started_at": "2026-10-01T09:00:00Z", "titel": "x"}\n',
        "inbox/incidents.ndjson line 2: unknown column 'titel'. Did you mean title? ",
    ),
    "missing key": (
        '{"incident_id": "I-1", "service": "p", "title": "x"}\n',
        "inbox/incidents.ndjson line 2: column started_at is missing. ",
    ),
    "null": (
        '{"incident_id": null, "service": "p", "started_at": "2026-10-01T09:00:00Z", "title": "x"}\n',
        "inbox/incidents.ndjson line 2 column incident_id: is empty. ",
    ),
    "a number for a time": (
        '{"incident_id": 1, "service": "p", "started_at": 1790000000, "title": "x"}\n',
        "inbox/incidents.ndjson line 2 column started_at: is not a time. ",
    ),
}


@pytest.mark.parametrize(("text", "message"), NDJSON_FAULTS.values(), ids=NDJSON_FAULTS.keys())
def test_a_malformed_ndjson_file_is_refused_as_a_whole(inbox, folder, text, message):
    good = '{"incident_id": 7, "service": "p", "started_at": "2026-10-01T09:00:00Z", "title": "x"}\n'
    (folder / "incidents.ndjson").write_text(good + text)
    assert refusal(inbox(), "incidents.ndjson").startswith(message)


def test_a_parquet_file_that_is_cut_or_naive_is_refused(inbox, folder):
    row = {"incident_id": "I-1", "service": "p", "started_at": datetime(2026, 10, 1, 9), "title": "x"}  # noqa: DTZ001 - naive on purpose
    path = folder / "incidents.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    naive = "inbox/incidents.parquet row 1 column started_at: is a time without a time zone. "
    assert refusal(inbox(), "incidents.parquet").startswith(naive)
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(inbox(), "incidents.parquet").startswith(
        "inbox/incidents.parquet: is not a complete Parquet file. "
    )
    pq.write_table(pa.Table.from_pylist([{"incident_id": "I-1", "team": "x"}]), path)
    assert refusal(inbox(), "incidents.parquet").startswith(
        "inbox/incidents.parquet: unknown column 'team'. "
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_than_utf8_is_refused(inbox, folder, encoding):
    (folder / "incidents.csv").write_bytes((INCIDENTS + GOOD.replace("fine", "Störung")).encode(encoding))
    line = 2 if encoding == "latin-1" else 1
    assert refusal(inbox(), "incidents.csv") == (
        f"inbox/incidents.csv line {line}: is not UTF-8 text. Save the file as UTF-8"
    )


def test_a_status_of_a_deployment_is_one_of_a_few(inbox, folder):
    header = "deployment_id,service,finished_at,status\n"
    (folder / "deployments.csv").write_text(header + "1,checkout,2026-10-01T09:00:00Z,ok\n")
    message = refusal(inbox(), "deployments.csv", "deployments")
    assert message.startswith(
        "inbox/deployments.csv line 2 column status: input should be 'success', 'failure'"
    )
    (folder / "deployments.csv").write_text(header + "1,checkout,2026-10-01T09:00:00Z,Success\n")
    assert len(read(inbox(), "deployments.csv", "deployments").records) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_rows_with_one_id_the_later_update_counts_wherever_it_stands(inbox, folder, order):
    rows = [
        "I-1,payments,2026-10-01T09:00:00Z,before,,2026-10-01T10:00:00Z\n",
        "I-1,payments,2026-10-01T09:00:00Z,after,2026-10-01T11:00:00Z,2026-10-01T13:00:00+02:00\n",
    ]
    (folder / "incidents.csv").write_text(INCIDENTS + "".join(rows[::order]))
    assert [one.title for one in read(inbox(), "incidents.csv").records] == ["after"]


def test_equal_rows_count_once(inbox, folder):
    (folder / "incidents.csv").write_text(INCIDENTS + ONE + ONE)
    assert len(read(inbox(), "incidents.csv").records) == 1


def test_a_file_that_vanished_or_may_not_be_read(inbox, folder):
    assert refusal(inbox(), "incidents.csv").startswith("inbox/incidents.csv: cannot be read (No such file")


def test_every_row_at_fault_is_named_and_none_is_read(inbox, folder):
    (folder / "incidents.csv").write_text(
        INCIDENTS
        + "I-1,payments,2026-10-01T09:00:00,Naive,,\n"
        + ONE.replace("I-1", "I-2")
        + "I-3,payments,2026-10-01T09:00:00Z,Too few\n"
        + "I-4,payments,2026-10-01T09:00:00Z,,,\n"
    )
    with pytest.raises(InputError) as raised:
        read(inbox(), "incidents.csv")
    assert str(raised.value) == (
        "inbox/incidents.csv line 2 column started_at: is a time without a time zone. "
        "Append Z for UTC or an offset such as +02:00; 2 more places are at fault, see `outcomes check`"
    )
    assert raised.value.unread == (
        Unread("inbox/incidents.csv line 2 column started_at", "is a time without a time zone"),
        Unread("inbox/incidents.csv line 4", "has 4 values for 6 columns"),
        Unread("inbox/incidents.csv line 5 column title", "is empty"),
    )
    places = [(one.where, one.is_fine) for one in inbox().check()]
    assert places == [
        ("inbox/incidents.csv", False),
        ("inbox/incidents.csv line 4", False),
        ("inbox/incidents.csv line 5 column title", False),
    ]


def test_faults_are_collected_line_by_line_and_up_to_a_hundred(inbox, folder):
    (folder / "incidents.ndjson").write_text("nonsense\n" * 150)
    with pytest.raises(InputError, match="at least 99 more places are at fault") as raised:
        read(inbox(), "incidents.ndjson")
    assert len(raised.value.unread) == 100
    assert raised.value.unread[-1].place == "inbox/incidents.ndjson line 100"


def test_what_is_noted_of_an_unknown_column_does_not_repeat_it(inbox, folder):
    """A file without its header shows its first row in the header's place."""
    (folder / "incidents.csv").write_text("Ada Lovelace,payments\n")
    with pytest.raises(InputError, match="none of the columns is known") as raised:
        read(inbox(), "incidents.csv")
    assert "Ada" not in str(raised.value)
    (folder / "incidents.csv").write_text("incident_id,Ada Lovelace\n")
    with pytest.raises(InputError, match="Ada") as raised:
        read(inbox(), "incidents.csv")
    assert raised.value.unread == (Unread("inbox/incidents.csv line 1", "unknown column"),)


def test_a_file_of_too_many_bytes_is_not_read(inbox, folder, monkeypatch):
    (folder / "incidents.csv").write_text(INCIDENTS)
    size = (folder / "incidents.csv").stat().st_size
    monkeypatch.setattr("connectors.inbox.folder.LARGEST_FILE", size)
    read(inbox(), "incidents.csv")
    monkeypatch.setattr("connectors.inbox.folder.LARGEST_FILE", size - 1)
    assert "million bytes. Split it into several files" in refusal(inbox(), "incidents.csv")


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
def test_a_file_of_too_many_rows_is_not_read(inbox, folder, monkeypatch, ending):
    monkeypatch.setattr("connectors.inbox.files.MOST_ROWS", 2)
    columns = {
        "incident_id": ["1", "2", "3"],
        "service": ["shop"] * 3,
        "started_at": ["2026-10-01T09:00:00Z"] * 3,
        "title": ["Down"] * 3,
    }
    for count in (2, 3):
        frame = pl.DataFrame({name: values[:count] for name, values in columns.items()})
        path = folder / f"incidents.{ending}"
        {"csv": frame.write_csv, "ndjson": frame.write_ndjson, "parquet": frame.write_parquet}[ending](path)
        if count == 2:
            assert len(read(inbox(), path.name).records) == 2
        else:
            assert "has more than 2 rows. Split it" in refusal(inbox(), path.name)


def test_a_file_whose_name_is_no_text_is_told_and_not_read(inbox, folder):
    (folder / os.fsdecode(b"incidents-\xff.csv")).write_text(INCIDENTS)
    assert list(inbox().scopes("incidents")) == []
    (finding,) = inbox().check()
    assert (finding.where, finding.is_fine) == (r"inbox/incidents-\udcff.csv", False)


def test_messages_do_not_show_values(inbox, folder):
    (folder / "incidents.csv").write_text(INCIDENTS + "I-1,payments,confidential,confidential,,\n")
    assert "confidential" not in refusal(inbox(), "incidents.csv")
