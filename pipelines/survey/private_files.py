"""The files of a wave that lie apart from the home folder, for their owner alone: its key, and its codes."""

import os
from pathlib import Path

from connectors.ballots.seal import KEY_BYTES, public_of
from pipelines.home import Home
from pipelines.survey.held import WaveError, WaveInputError

_LONGEST_KEY_FILE = 1000


def require_apart(option: str, file: Path, home: Home) -> None:
    """Whoever reads the home folder or its backup must not find a key or codes there, beside the ballots."""
    try:
        is_inside, is_there = file.resolve().is_relative_to(home.path.resolve()), file.exists()
    except (OSError, RuntimeError) as trouble:  # a name that is too long, links that go round
        why = getattr(trouble, "strerror", None) or "its links go round"
        raise WaveInputError(f"{option} {file}: cannot be looked for ({why}). Name another file") from None
    if is_inside:
        raise WaveInputError(
            f"{option} {file}: lies in the home folder, beside the ballots. Name a place elsewhere "
            "that its processes and backups cannot read"
        )
    if not file.parent.is_dir():
        raise WaveInputError(f"{option} {file}: its folder is missing. Make it first")
    if is_there:
        raise WaveInputError(f"{option} {file}: exists already. Name another file")


def write_private(option: str, file: Path, text: str) -> None:
    """Write a new file for its owner alone; it is on disk when this returns, whole or not at all."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as trouble:
        raise WaveInputError(f"{option} {file}: cannot be written ({trouble.strerror})") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as trouble:
        file.unlink()
        raise WaveError(
            f"{option} {file}: cannot be written ({trouble.strerror}). Nothing was changed"
        ) from None


def read_key(key_file: Path, wave_id: str, public: bytes) -> bytes:
    """The private key in a file, once it is the one that opens this wave.

    Raises:
        WaveInputError: it is not. The message repeats nothing of the file.
    """
    try:
        with key_file.open(encoding="ascii") as file:
            private = bytes.fromhex(file.read(_LONGEST_KEY_FILE))
    except OSError as trouble:
        raise WaveInputError(
            f"--key-file {key_file}: cannot be read ({trouble.strerror}). Without the key that "
            "`outcomes survey open` wrote nobody can open the ballots"
        ) from None
    except ValueError:
        private = b""
    if len(private) != KEY_BYTES:
        raise WaveInputError(f"--key-file {key_file}: holds no whole key. Name the file that was written")
    if public_of(private) != public:
        raise WaveInputError(
            f"--key-file {key_file}: is another survey's key. Name the one that was written for {wave_id}"
        )
    return private
