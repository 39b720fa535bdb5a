"""The box and the dashboard as they run: their whole environment and all files, while a survey is open.

`outcomes survey serve` is a process of its own on a home, and so is what `outcomes dashboard` starts; seven
people answer over loopback, and somebody looks at the page on surveys before and after. Whoever has all that
both were given and everything in the home recovers no answer and matches no code to its ballot.
"""

import base64
import binascii
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from asked_waves import codes_of, items_of, opened, place_in
from ballot_matcher import VOTERS, hits_by_guess, most_by_chance, truth_of
from ballot_survey import Client
from nacl.bindings import crypto_scalarmult_base
from nacl.public import PrivateKey, SealedBox
from ports import LOOPBACK, free_port
from sqlite_pages import cells
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from connectors.ballots.codes import hash_of
from pipelines.serve import dashboard_command

ROOT = Path(__file__).parents[3]
WAVE = "2026-Q3"
SERVE = """
import sys, time_machine
from pipelines.cli import main
with time_machine.travel("2026-09-15T08:00:00Z"):
    main()
"""
"""The command on a day on which the survey is open."""
SAID = "Canary Kestrel said so"
ROUNDS = 12
DISTINCT = 20
"""So many different bytes are in 32 of a key: of random ones fewer in one of a hundred million."""


class Served:
    """Both processes on ports of their own, in front of an open survey, and what can be seen of them."""

    def __init__(self, folder):
        self.place = place_in(folder)
        opened(self.place)
        self.codes = [code for _, code in codes_of(self.place)]
        self.file = self.place.home.path / "ballots.sqlite"
        self.private = bytes.fromhex(self.place.key.read_text("ascii").strip())
        self.user = folder / "user"
        self.user.mkdir()
        self.port, self.pages = free_port(), free_port()
        home = str(self.place.home.path)
        given = ["--home", home, "--config", str(folder / "outcomes.toml"), "survey", "serve"]
        self.box = self.start([sys.executable, "-c", SERVE, *given, "--port", str(self.port)])
        self.dashboard = self.start(dashboard_command(self.pages, LOOPBACK))
        self.client = Client(self.port)

    def start(self, command):
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {"HOME": str(self.user), "PYTHONPATH": str(ROOT), "OUTCOMES_HOME": str(self.place.home.path)}
        return subprocess.Popen(
            command, env=environment | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def wait(self):
        """Until both answer."""
        for process, port in ((self.box, self.port), (self.dashboard, self.pages)):
            for _ in range(1200):
                assert process.poll() is None, process.stdout.read().decode()
                with socket.socket() as sock:
                    if sock.connect_ex((LOOPBACK, port)) == 0:
                        break
                time.sleep(0.05)
            else:
                raise AssertionError(f"nothing answers on {port}")

    def look(self):
        """Opens the page on surveys, as a browser does; gives all that it is sent."""
        asked, told = BackMsg(), []
        asked.rerun_script.page_name = "survey"
        with connect(
            f"ws://{LOOPBACK}:{self.pages}/_stcore/stream", subprotocols=["streamlit"], max_size=None
        ) as page:
            page.send(asked.SerializeToString())
            while not told or ForwardMsg.FromString(told[-1]).WhichOneof("type") != "script_finished":
                told.append(page.recv(timeout=60))
        return b"".join(told)

    def end(self):
        for process in (self.box, self.dashboard):
            process.terminate()
            process.communicate(timeout=30)

    def vote(self, codes, comment):
        """Each answers otherwise; the comment is the same for all, or what is made of the code."""
        items = items_of(self.place)
        for number, code in enumerate(codes):
            answers = {item: (number + at) % 5 + 1 for at, item in enumerate(items)}
            status, _, said = self.client.answer(code, answers, comment(code))
            assert status == 204, said

    def of_processes(self):
        """What was given to each process, and the files that it has open."""
        given = {}
        for who, pid in (("box", self.box.pid), ("dashboard", self.dashboard.pid)):
            about = Path(f"/proc/{pid}")
            given |= {f"{who} {name}": (about / name).read_bytes() for name in ("environ", "cmdline")}
            maps = (about / "maps").read_text("utf-8").splitlines()
            given[f"{who} mapped files"] = "\n".join({line[73:]: None for line in maps}).encode()
            held = [str(one.readlink()) for one in (about / "fd").iterdir()]
            given |= {f"{who} {one}": Path(one).read_bytes() for one in held if Path(one).is_file()}
            given[f"{who} open files"] = "\n".join(held).encode()
        return given

    def of_home(self):
        """The files of the home folder, and of the home of whoever runs both."""
        return {
            str(one.relative_to(folder)): one.read_bytes()
            for folder in (self.place.home.path, self.user)
            for one in folder.rglob("*")
            if one.is_file()
        }


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The processes with everything that was to be seen before and after seven people answered."""
    served = Served(tmp_path_factory.mktemp("served"))
    try:
        served.wait()
        served.shown = {"page before": served.look()}
        served.before = served.of_home()
        served.vote(served.codes[:VOTERS], lambda _: SAID)
        served.shown["page after"] = served.look()
        served.after = served.of_home()
        served.given = served.of_processes()
        yield served
    finally:
        served.end()


def seen(running):
    """Everything, as it lies there."""
    given = {f"process {name}": one for name, one in running.given.items()}
    return {**running.after, **running.shown, **given}


def cast(content, folder):
    """The ballots of a box that were cast."""
    path = folder / "seen.sqlite"
    path.write_bytes(content)
    return [one for one in cells(path, "ballot") if one.values[2]]


def test_an_answer_changes_the_box_alone_and_stands_nowhere(running, tmp_path):
    assert running.before.keys() == running.after.keys()
    changed = {name for name in running.after if running.before[name] != running.after[name]}
    assert changed == {"ballots.sqlite"}
    ballots = cast(running.after["ballots.sqlite"], tmp_path)
    assert len(ballots) == VOTERS
    box = SealedBox(PrivateKey(running.private))
    plain = [box.decrypt(one.values[3]).rstrip() for one in ballots]
    assert all(SAID.encode() in one for one in plain)
    pieces = {one[at : at + 24] for one in plain for at in range(len(one) - 23)}
    answers = {piece for piece in pieces if re.search(rb'"[A-Z]\d+R?": ?[1-5],', piece)}
    assert len(answers) > 100
    for name, content in seen(running).items():
        assert b"Kestrel" not in content, name
        assert not [piece for piece in answers if piece in content], name


def test_neither_the_key_nor_its_place_is_given_to_the_box(running):
    forms = {
        running.private,
        running.private.hex().encode(),
        base64.b64encode(running.private),
        base64.urlsafe_b64encode(running.private).rstrip(b"="),
    }
    for name, content in seen(running).items():
        assert not [one for one in forms if one in content], name
        assert running.place.key.name.encode() not in content, name
        for code in running.codes:
            assert code.encode() not in content, name
            assert code.replace("-", "").encode() not in content, name


def test_the_dashboard_has_opened_nothing_of_a_home_without_a_snapshot(running):
    """Neither the box nor the warehouse, which knows who is asked."""
    home = str(running.place.home.path).encode()
    assert home in running.given["dashboard environ"]
    assert home not in running.given["dashboard open files"]
    assert all(b"No snapshot has been published yet" in one for one in running.shown.values())


def windows(content):
    """The pieces of 32 bytes that may be a key: those with many different bytes."""
    bytes_ = np.frombuffer(content, np.uint8)
    if len(bytes_) < 32:
        return set()
    order = np.argsort(bytes_, kind="stable")
    before = np.full(len(bytes_), -1)
    is_same = bytes_[order[1:]] == bytes_[order[:-1]]
    before[order[1:][is_same]] = order[:-1][is_same]
    starts = np.arange(len(bytes_) - 31)
    distinct = sum((before[starts + at] < starts).astype(np.int8) for at in range(32))
    return {content[at : at + 32] for at in starts[distinct >= DISTINCT].tolist()}


def texts(content):
    """Keys that are written down: in hexadecimal digits, or in either alphabet of base64."""
    found = {bytes.fromhex(one[at : at + 64].decode()) for one in re.findall(rb"[0-9a-fA-F]{64,}", content)
             for at in range(len(one) - 63)}  # fmt: skip
    for one in re.findall(rb"[A-Za-z0-9+/_-]{43,}", content):
        for at in range(len(one) - 42):
            try:
                found.add(base64.b64decode(one[at : at + 43].translate(bytes.maketrans(b"-_", b"+/")) + b"="))
            except binascii.Error:
                continue
    return {one for one in found if len(one) == 32 and len(set(one)) >= DISTINCT}


def opening(tried, public):
    """Those that are the private key of the public one."""
    return [one for one in tried if crypto_scalarmult_base(one) == public]


def without_ballots(running, tmp_path):
    """The same, with the sealed ballots left out of the box."""
    content = bytearray(running.after["ballots.sqlite"])
    path = tmp_path / "whole.sqlite"
    path.write_bytes(content)
    for one in cells(path, "ballot"):
        for begins, ends in one.places:
            content[begins:ends] = bytes(ends - begins)
    return {**seen(running), "ballots.sqlite": bytes(content), f"process box {running.file}": b""}


@pytest.mark.parametrize("is_whole", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_nothing_that_lies_there_opens_a_ballot(running, tmp_path, is_whole):
    """In the check without what is within the seals; in the long trials every piece of every byte."""
    searched = seen(running) if is_whole else without_ballots(running, tmp_path)
    public = bytes(PrivateKey(running.private).public_key)
    pieces = set().union(*(windows(content) for content in searched.values()))
    written = set().union(*(texts(content) for content in searched.values()))
    assert public in pieces
    assert opening(pieces | written, public) == []


def test_a_key_that_lay_there_would_be_found(running):
    public = bytes(PrivateKey(running.private).public_key)
    around = bytes(7) + running.private + b"beside"
    assert opening(windows(around), public) == [running.private]
    for as_text in (running.private.hex().encode(), base64.urlsafe_b64encode(running.private)):
        assert opening(texts(b"key=" + as_text), public) == [running.private]


def test_codes_are_matched_to_ballots_no_better_than_by_chance(running, tmp_path):
    """Twelve times from the beginning, each time seven others; what they write tells the truth in the end."""
    total, salt = {}, running.place.box.salt(WAVE)
    for seed in range(ROUNDS):
        running.file.write_bytes(running.before["ballots.sqlite"])
        order = random.Random(seed).sample(running.codes, VOTERS)
        running.vote(order, lambda code: code)
        path = tmp_path / f"{seed}.sqlite"
        shutil.copy(running.file, path)
        used = [one for one in cells(path, "code") if one.values[3]]
        ballots = [one for one in cells(path, "ballot") if one.values[2]]
        assert len(used) == len(ballots) == VOTERS
        truth = truth_of(running.private, ballots, lambda code: hash_of(salt, code))
        hits = hits_by_guess(used, ballots, truth, [hash_of(salt, one) for one in order])
        total = {guess: total.get(guess, 0) + one for guess, one in hits.items()}
    assert len(total) == 40
    assert max(total.values()) < most_by_chance(ROUNDS)
