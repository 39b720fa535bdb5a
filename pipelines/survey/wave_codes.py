"""One-time codes for everybody of a wave: what `outcomes survey codes` does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.ballots.box import Box
from connectors.ballots.codes import hash_of, new_code
from connectors.ballots.sheets import Recipient, Sheet, Slip, mail_merge, printable
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.survey.asking import open_wave_of
from pipelines.survey.held import BALLOTS, WaveError, WaveInputError, warehouse_of
from pipelines.survey.people import known_people
from pipelines.survey.private_files import require_apart, write_private
from pipelines.survey.roster import Person
from pipelines.survey.year import today_of, todays_roster


@dataclass(frozen=True, slots=True)
class Made:
    """How many codes were made, and to how many people none can be mailed: the roster has no address of them.

    On slips nobody has one, and nobody needs one: `without_address` is 0.
    """

    codes: int
    without_address: int


def make_codes(
    configuration: Configuration, home: Home, out: Path, now: datetime, *, is_mail_merge: bool
) -> Made:
    """Make the open wave's codes, once, and write them to a file; the box keeps their hashes alone.

    The file is written first, since codes that nobody has could never be used. Where the box does not take
    them it is removed again; the file of a call that was killed there holds codes that are worth nothing.

    Raises:
        WaveError: no wave is open, its time is over, it has its codes; or the file or address is wrong.
    """
    address = configuration.survey.address
    if address is None:
        raise WaveInputError("survey codes: [survey] address is missing. Write there where people answer")
    option = "--mail-merge" if is_mail_merge else "--sheets"
    require_apart(option, out, home)
    box = Box(home.path / BALLOTS)
    with warehouse_of(home) as con:
        wave_id, closes_at = open_wave_of(con)
        assert con is not None
        if now >= closes_at:
            raise WaveError(f"survey codes: the time of {wave_id} is over. Run `outcomes survey close`")
        asked = _asked(con, box, wave_id)
        people = _people(configuration, home, con, now) if is_mail_merge else {}
        codes = _different_codes(len(asked))
        slips = [Slip(one.unit_name, code) for one, code in zip(asked, codes, strict=True)]
        title = f"{configuration.organisation.name}, {wave_id}"
        sheet = Sheet(title, address, closes_at, configuration.survey.languages[0])
        write_private(
            option, out, _mailed(sheet, asked, slips, people) if is_mail_merge else printable(sheet, slips)
        )
        try:
            _lay_into_box(box, wave_id, asked, codes)
        except Exception:
            out.unlink()
            raise
    reached = {account for account, person in people.items() if person.email}
    return Made(len(codes), sum(one.account not in reached for one in asked) if is_mail_merge else 0)


def codes_in_memory(home: Home) -> dict[str, str]:
    """Make the open wave's codes, once, and hand them out as account → code.

    This is the very map that nobody may have of people: it is for those of the demo, who are made up.

    Raises:
        WaveError: no wave is open, or it has its codes.
    """
    box = Box(home.path / BALLOTS)
    with warehouse_of(home) as con:
        wave_id, _ = open_wave_of(con)
        assert con is not None
        asked = _asked(con, box, wave_id)
    codes = _different_codes(len(asked))
    _lay_into_box(box, wave_id, asked, codes)
    return {one.account: code for one, code in zip(asked, codes, strict=True)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One person of the wave."""

    account: str
    unit: str
    unit_name: str


def _asked(con: duckdb.DuckDBPyConnection, box: Box, wave_id: str) -> list[_Asked]:
    if box.turnout(wave_id)[0]:
        raise WaveError(
            f"survey codes: those of {wave_id} were made already, and they are made once. Use the file that "
            "was written then"
        )
    rows = con.execute(
        "SELECT m.account, m.unit_id, u.name FROM survey.wave_member m "
        "JOIN survey.wave_unit u USING (wave_id, unit_id) WHERE wave_id = ? ORDER BY m.account",
        [wave_id],
    ).fetchall()
    return [_Asked(*row) for row in rows]


def _people(
    configuration: Configuration, home: Home, con: duckdb.DuckDBPyConnection, now: datetime
) -> dict[str, Person]:
    """Names and addresses for a mail merge, by the account of the roster."""
    known = known_people(con, configuration.rules.bots)
    listed = todays_roster(configuration, home, today_of(configuration, now), known).people
    by_person = {known.person(one.account): one for one in listed}
    accounts = [
        account for (account,) in con.execute("SELECT DISTINCT account FROM survey.wave_member").fetchall()
    ]
    found = {account: by_person.get(known.person(account)) for account in accounts}
    return {account: one for account, one in found.items() if one is not None}


def _mailed(
    sheet: Sheet, asked: Sequence[_Asked], slips: Sequence[Slip], people: Mapping[str, Person]
) -> str:
    recipients = []
    for one, slip in zip(asked, slips, strict=True):
        person = people.get(one.account)
        name, email = (person.name or "", person.email or "") if person else ("", "")
        recipients.append(Recipient(one.account, name, email, slip))
    return mail_merge(sheet, recipients)


def _lay_into_box(box: Box, wave_id: str, asked: Sequence[_Asked], codes: Sequence[str]) -> None:
    salt = box.salt(wave_id)
    box.add_codes(wave_id, [(hash_of(salt, code), one.unit) for one, code in zip(asked, codes, strict=True)])


def _different_codes(count: int) -> list[str]:
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes[new_code()] = None
    return list(codes)
