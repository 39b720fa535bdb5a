"""Serves our doors: one process each, without an access log, behind a proxy where others reach it."""

import signal
import sys

import uvicorn
from starlette.types import ASGIApp

from connectors.patient_protocol import PatientProtocol


def serve(app: ASGIApp, host: str, port: int, most_connections: int) -> None:
    """Serve until Ctrl-C or SIGTERM; what has begun to arrive is taken first.

    Nothing is logged but errors, without anything that was sent. It speaks plain HTTP: on another
    address than this machine's own, a proxy with TLS belongs in front.

    Args:
        app: the door.
        host: the address to listen on.
        port: and the port.
        most_connections: beyond which one is told at once to come again.
    """
    settings = uvicorn.Config(
        app,
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
        limit_concurrency=most_connections,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    # uvicorn ends on a signal and then passes it on: of this one nothing is to come.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(settings).run()
