"""A served node for every test of this folder, and one to change at will."""

import pytest
from fastapi.testclient import TestClient

from sekisho.web.app import create_app
from tests.lib.served import ServedNode, served_node

BASE = "http://127.0.0.1"


def client_of(node: ServedNode) -> TestClient:
    return TestClient(
        create_app(node), base_url=BASE, follow_redirects=False, raise_server_exceptions=False
    )


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> ServedNode:
    """Released once, only read."""
    return served_node(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="session")
def client(node: ServedNode) -> TestClient:
    return client_of(node)


@pytest.fixture
def own_node(tmp_path) -> ServedNode:
    """A node that the test may change; nothing is released yet."""
    return ServedNode(tmp_path)


@pytest.fixture
def own_client(own_node: ServedNode) -> TestClient:
    return client_of(own_node)
