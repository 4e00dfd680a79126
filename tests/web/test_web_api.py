import pytest

from sekisho.errors import Refused, fault
from tests.lib.releases import PLAN, PROGRAMME, release

RELEASE_ID = f"{PROGRAMME}.{PLAN}.r1"


def test_the_api_lists_what_the_pages_show(client):
    (programme,) = client.get("/api/v1/programmes").json()["programmes"]
    assert programme["releases"] == [RELEASE_ID]
    (listed,) = client.get("/api/v1/releases").json()["releases"]
    assert listed["cells"] == {"shown": 165, "hidden": 176}
    assert listed["title"]["ja"].startswith("仕向地")
    assert client.get(f"/en{listed['address']}").status_code == 200


def test_a_release_comes_with_decision_proof_and_files(client):
    answer = client.get(f"/api/v1/releases/{RELEASE_ID}").json()
    assert [rule["id"] for rule in answer["decision"]["rules"]] == ["cbe-R1", "cbe-R2"]
    assert answer["log"] == {
        "origin": "log.statistics.example/cross-border-ecommerce",
        "entry": 0,
        "size": 1,
        "verified": True,
        "faults": [],
        "witnesses": [],
    }
    for file in answer["files"]:
        assert client.get(file["address"]).content == client.get(file["exact_address"]).content


def test_the_log_names_its_key_and_files(node, client):
    answer = client.get("/api/v1/log").json()
    assert answer["verifier_key"] == node.verifier_key
    assert client.get(answer["checkpoint"]).text.startswith(answer["origin"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/releases/nothing", 404, "web.no-such-release"),
        ("/api/v1/nothing", 404, "web.no-such-page"),
        ("/api/v1/releases?limit=1", 400, "web.unknown-parameter"),
        ("/api/v1/releases?lang=fr", 400, "web.unknown-language"),
        (f"/api/v1/releases/{'x' * 300}", 404, "web.no-such-page"),
    ],
)
def test_every_fault_has_one_shape(client, path, status, code):
    answer = client.get(path)
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert set(body) == {"error", "status"}
    assert set(body["error"]) == {"code", "message", "rules"}
    assert body["error"]["code"] == code
    assert body["error"]["rules"] == []


def test_another_method_gets_the_same_shape(client):
    answer = client.post("/api/v1/releases", json={})
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "web.only-get"


def test_a_refusal_names_the_rules_that_closed_the_way(own_node, own_client):
    own_node.put(release())
    own_node.failure = Refused(
        fault("rules.refused-by", id="jp-appi-28", citation="APPI Article 28"),
        fault("gate.refused", plan="p", programme="q", rules="jp-appi-28"),
    )
    answer = own_client.get("/api/v1/releases")
    assert answer.status_code == 403
    assert answer.json()["error"]["rules"] == ["jp-appi-28"]
    assert answer.json()["error"]["code"] == "rules.refused-by"


def test_an_unexpected_failure_keeps_shape_headers_and_silence(own_node, own_client):
    own_node.failure = ZeroDivisionError("vendor 4711")
    answer = own_client.get("/api/v1/programmes")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "web.unexpected"
    assert "4711" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_messages_follow_the_language_asked_for(client):
    japanese = client.get("/api/v1/releases/x?lang=ja").json()["error"]["message"]
    assert "公表" in japanese
    wished = client.get("/api/v1/releases/x", headers={"Accept-Language": "ja"}).json()
    assert wished["error"]["message"] == japanese


def test_the_description_of_the_api_names_its_addresses_and_no_others(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/v1/programmes",
        "/api/v1/releases",
        "/api/v1/releases/{release}",
        "/api/v1/log",
        "/api/v1/log/entries",
        "/api/v1/log/entries/{index}",
    }
    for path in ("/docs", "/redoc", "/api/docs"):
        assert client.get(path).status_code == 404
