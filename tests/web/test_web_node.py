"""The pages over a whole node: what they show is what left, and nothing else."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lib.small import PLANS, PROGRAMME, SECRET_P, make_node
from tests.web.conftest import client_of

PLACE = f"/releases/{PROGRAMME}/{PLANS[0]}"


@pytest.fixture(scope="module")
def whole_node(tmp_path_factory):
    node = make_node(tmp_path_factory.mktemp("whole"))
    for plan in PLANS:
        node.release(PROGRAMME, plan)
    yield node
    node.close()


@pytest.fixture(scope="module")
def visitor(whole_node):
    return client_of(whole_node)


def everything(visitor):
    paths = ["/en/", "/ja/", "/en/log", "/log/checkpoint", "/log/tile/entries/000.p/7"]
    paths += ["/api/v1/programmes", "/api/v1/releases", "/api/v1/log", "/api/openapi.json"]
    for plan in PLANS:
        place = f"/releases/{PROGRAMME}/{plan}"
        paths += [f"/en{place}", f"/ja{place}", f"/en{place}/r1/chart.svg"]
        release = visitor.get(f"/api/v1/releases/{PROGRAMME}.{plan}.r1").json()
        paths.append(f"/api/v1/releases/{release['id']}")
        paths += [file["exact_address"] for file in release["files"]]
    return {path: visitor.get(path) for path in paths}


def test_no_answer_holds_a_secret_parameter_a_contributor_or_a_path_of_the_machine(
    whole_node, visitor
):
    answers = everything(visitor)
    for path, answer in answers.items():
        assert SECRET_P.encode() not in answer.content, path
        assert b"firm-" not in answer.content, path
        assert str(whole_node.folder).encode() not in answer.content, path


def test_every_release_is_verified_and_all_its_files_are_handed_out(visitor):
    for path, answer in everything(visitor).items():
        if "/log/tile/" not in path:
            assert answer.status_code == 200, path
        if path.startswith(("/en/releases", "/ja/releases")) and not path.endswith(".svg"):
            assert "verdict good" in answer.text


def test_what_is_not_released_is_on_no_page(whole_node, visitor):
    released = {each.release.plan: each.table for each in whole_node.releases()}
    for plan, table in released.items():
        csv = visitor.get(f"/releases/{PROGRAMME}/{plan}.csv").text
        assert csv.count("confidential") == table.hidden
        assert csv.count("published") == table.shown


def test_many_readers_at_once_get_the_same_page(visitor):
    with ThreadPoolExecutor(8) as readers:
        pages = list(readers.map(lambda _: visitor.get(f"/en{PLACE}").text, range(24)))
    assert len(set(pages)) == 1


def test_a_release_made_while_the_server_runs_appears_at_once(tmp_path):
    with make_node(tmp_path) as node:
        visitor = client_of(node)
        assert visitor.get(f"/en{PLACE}").status_code == 404
        node.release(PROGRAMME, PLANS[0])
        assert visitor.get(f"/en{PLACE}").status_code == 200
