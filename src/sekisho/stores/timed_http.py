"""HTTP with one deadline for the whole exchange, however slowly the other side sends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import OpenerDirector, Request


class _Deadline:
    """Shuts every connection that was opened before it, once the time is up."""

    def __init__(self) -> None:
        self._opened: list[socket.socket] = []
        self._lock = Lock()
        self.is_over = False

    def watch(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._opened.append(connection.sock)
            if self.is_over:
                _shut(connection.sock)

    def pass_by(self) -> None:
        with self._lock:
            self.is_over = True
            for each in self._opened:
                _shut(each)


def _shut(opened: socket.socket) -> None:
    try:
        # not TLS's own shutdown, which another thread must not call while this one reads
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def timed(seconds: float) -> "Iterator[OpenerDirector]":
    """What opens addresses; whatever it opened ends after so many seconds.

    Raises: TimeoutError when the time was up before the block ended, so that nothing which the
    deadline cut short is taken for a whole answer.
    """
    from urllib.request import HTTPHandler, HTTPSHandler, build_opener

    deadline = _Deadline()

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self)

    class PlainHandler(HTTPHandler):
        def http_open(self, req: "Request") -> "HTTPResponse":
            return self.do_open(Plain, req)

    class SecureHandler(HTTPSHandler):
        def https_open(self, req: "Request") -> "HTTPResponse":
            made: dict[str, Any] = {"context": self._context}  # type: ignore[attr-defined]
            return self.do_open(Secure, req, **made)

    timer = Timer(seconds, deadline.pass_by)
    timer.daemon = True
    timer.start()
    try:
        yield build_opener(PlainHandler, SecureHandler)
    finally:
        timer.cancel()
    if deadline.is_over:
        raise TimeoutError
