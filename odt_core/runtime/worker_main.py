"""Entry point of the worker process: `python -m odt_core.runtime.worker_main FD`."""

from __future__ import annotations

import socket
import sys

from odt_core.runtime.limits import die_with_parent, limit_resources


def main(descriptor: int) -> None:
    """Serve the socket `descriptor` until its other end closes."""
    die_with_parent()
    connection = socket.socket(fileno=descriptor)
    # Imported before the limits: Python may still want to write its cache files.
    from ai_edge_litert import interpreter  # noqa: F401

    from odt_core.runtime.protocol import Channel
    from odt_core.runtime.service import Service

    limit_resources()
    Service(Channel(connection)).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
