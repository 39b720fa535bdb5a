"""Serves the door."""

import signal
import sys

import uvicorn
from starlette.applications import Starlette

from connectors.patient_protocol import PatientProtocol


def serve(app: Starlette, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; requests that have begun are answered first."""
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
        limit_concurrency=64,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    # uvicorn ends on a signal and then passes it on: of this one nothing is to come.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.Server(settings).run()
