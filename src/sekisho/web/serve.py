"""Serves a node's pages until somebody presses Ctrl-C."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

from sekisho.errors import Conflict, StorageError, fault
from sekisho.web.app import create_app
from sekisho.web.security import LOCAL_HOSTS
from sekisho.web.served import Served

_WAITING = 128


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; taken before anything else, so that a taken port is known at once.

    Raises: Conflict when another program has the port; StorageError when the address cannot be
    listened on at all.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(fault("web.port-in-use", host=host, port=port)) from error
        raise StorageError(fault("web.cannot-listen", host=host, port=port)) from error
    return listening


def _untold(_address: str) -> None:
    return None


def serve(node: Served, host: str, port: int, ready: Callable[[str], None] = _untold) -> None:
    """Serve until Ctrl-C, which is the ordinary end; `ready` hears the address once it listens.

    Requests must name this host or a local one. Port 0 takes any that is free.
    Raises: Conflict when the port is taken.
    """
    import uvicorn

    with listening_socket(host, port) as listening:
        app = create_app(node, (*LOCAL_HOSTS, host))
        config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listening.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
