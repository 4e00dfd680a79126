"""A node that answers a word at a time, or not at all, holds nobody up."""

import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from sekisho.errors import StorageError
from sekisho.stores.http_transfers import http_transfers


@pytest.fixture
def dripping():
    """A server that sends a first text, and then a byte every 50 ms for as long as anybody reads."""
    server = socket.create_server(("127.0.0.1", 0))
    first, stop = [b""], threading.Event()

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(first[0])
                    while not stop.wait(0.05):
                        connection.sendall(b"1")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield first, server.getsockname()[1]
    stop.set()
    with suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


HEADS = [
    b"",
    b"HTTP/1.1 200 OK\r\nX-Long: ",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_an_answer_has_an_end_however_slowly_it_comes(dripping, head):
    first, port = dripping
    first[0] = head
    remote = replace(http_transfers(f"http://127.0.0.1:{port}", "token"), answer_s=0.4)
    began = time.monotonic()
    with pytest.raises(StorageError):
        remote.transfers()
    assert time.monotonic() - began < 5


def test_a_sealed_record_that_only_drips_ends_so_that_the_next_try_can_go_on(dripping):
    first, port = dripping
    first[0] = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    remote = replace(http_transfers(f"http://127.0.0.1:{port}", "token"), sealed_s=0.4)
    began, came = time.monotonic(), 0
    with suppress(StorageError), remote.sealed("0" * 32, {}, 0) as pieces:
        for piece in pieces:
            came += len(piece)
    assert time.monotonic() - began < 5
    assert came < 1_000
