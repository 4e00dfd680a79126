import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import uvicorn

from sekisho.errors import Conflict, StorageError
from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket, serve
from tests.web.conftest import client_of


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:127.0.0.1", "", "localhost@evil"],
)
def test_a_request_for_another_host_is_refused(client, host):
    answer = client.get("/en/", headers={"Host": host})
    assert answer.status_code == 400
    assert "Released" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost:9", "[::1]:8080"])
def test_a_request_for_this_machine_is_answered(client, host):
    assert client.get("/en/", headers={"Host": host}).status_code == 200


def test_no_redirect_repeats_the_host_of_the_request(client):
    location = client.get("/", headers={"Host": "localhost:1234"}).headers["location"]
    assert location == "/en/"


def test_a_taken_port_is_named_with_what_to_do(node):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"port {port} of `127.0.0.1` is taken.*--port"):
            serve(node, "127.0.0.1", port)


def test_an_address_of_another_machine_cannot_be_listened_on(node):
    with pytest.raises(StorageError, match="cannot be listened on"):
        listening_socket("192.0.2.1", 0)


def test_two_nodes_live_in_one_process(node, own_node):
    assert (
        "118,298,897"
        in client_of(node).get("/en/releases/cross-border-ecommerce/purchases-by-destination").text
    )
    assert "has not released" in client_of(own_node).get("/en/").text


def test_a_real_server_answers_and_says_nothing_about_itself(node):
    with listening_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(create_app(node), log_level="critical", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ja/log", timeout=20) as answer:
                assert "透明性ログ" in answer.read().decode()
                assert "server" not in {name.lower() for name in answer.headers}
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing", timeout=20)
            refused.value.close()
            assert refused.value.code == 404
        finally:
            server.should_exit = True
            thread.join(20)


def test_ctrl_c_is_the_ordinary_end_and_the_address_is_told_once_it_listens(tmp_path):
    program = (
        "import sys; from pathlib import Path; from tests.lib.served import ServedNode;"
        "from sekisho.web.serve import serve;"
        "serve(ServedNode(Path(sys.argv[1])), '127.0.0.1', 0, lambda a: print(a, flush=True))"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = started.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}en/log", timeout=30) as answer:
            assert answer.status == 200
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=30)
    finally:
        started.kill()
    assert (started.returncode, said) == (0, "")
