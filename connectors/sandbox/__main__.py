"""Serves the sandbox until Ctrl-C and prints where: `python -m connectors.sandbox`."""

import threading

from connectors.sandbox.servers import serve
from connectors.sandbox.simulation import build


def main() -> None:
    """Print each server's address, then wait."""
    with serve(build(), with_sonar=True) as running:
        for kind, url in running.urls.items():
            print(f"{kind}  {url}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
