"""Serves the box's door."""

import signal
import sys
from pathlib import Path

import uvicorn

from connectors.ballots.box import Box
from connectors.ballots.door import create_door
from connectors.patient_protocol import PatientProtocol

PORT = 8503
MOST_CONNECTIONS = 512


def serve(path: Path, host: str = "127.0.0.1", port: int = PORT) -> None:
    """Serve until Ctrl-C or SIGTERM; ballots that have begun to arrive are taken first.

    Nothing is logged but errors, without anything that was sent. It speaks plain HTTP: on another
    address than this machine's own, a proxy with TLS and without an access log belongs in front.

    Args:
        path: `ballots.sqlite` in the home folder.
        host: the address to listen on.
        port: and the port.
    """
    settings = uvicorn.Config(
        create_door(Box(path)),
        host=host,
        port=port,
        http=PatientProtocol,
        h11_max_incomplete_event_size=16_384,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    # uvicorn ends on a signal and then passes it on: of this one nothing is to come.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.Server(settings).run()
    except KeyboardInterrupt:
        return
