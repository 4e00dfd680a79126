import json
from hashlib import sha256

import pytest

from sekisho.tlog.proof import verify_proof
from tests.lib.releases import PLAN, release
from tests.web.test_web_routes import RELEASE

SUFFIXES = [".csv", ".ja.csv", ".json", ".parquet", ".svg", ".ja.svg"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_download_is_byte_for_byte_the_released_file(node, client, suffix):
    name = f"{PLAN}{suffix}"
    newest, exact = client.get(f"{RELEASE}{suffix}"), client.get(f"{RELEASE}/r1/{name}")
    released = node.out[0]
    assert newest.content == exact.content == released.files[name].read_bytes()
    assert sha256(newest.content).hexdigest() == released.release.files[name]
    assert newest.headers["etag"] == f'"{released.release.files[name]}"'
    assert newest.headers["cache-control"] == "no-cache"
    assert exact.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        (".csv", "text/csv; charset=utf-8"),
        (".json", "application/json"),
        (".parquet", "application/vnd.apache.parquet"),
        (".svg", "image/svg+xml"),
        (".tlog-proof", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_says_what_it_is(client, suffix, media_type):
    assert client.get(f"{RELEASE}{suffix}").headers["content-type"] == media_type


def test_a_file_that_was_changed_after_its_release_is_not_handed_out(own_node, own_client):
    served = own_node.put(release())
    file = served.files[f"{PLAN}.csv"]
    file.write_bytes(file.read_bytes().replace(b"confidential", b"published   ", 1))
    answer = own_client.get(f"{RELEASE}.csv")
    assert answer.status_code == 500
    assert b"sub_region" not in answer.content
    assert "is not the one that was released" in answer.text


def test_a_reader_who_has_the_file_is_told_so(client):
    tag = client.get(f"{RELEASE}.csv").headers["etag"]
    again = client.get(f"{RELEASE}.csv", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        f"{RELEASE}/r1/..%2f..%2f..%2flog%2fcheckpoint",
        f"{RELEASE}/r1/%2e%2e",
        f"{RELEASE}/r1/node.toml",
        f"{RELEASE}/r1/",
        f"{RELEASE}.toml",
        "/log/../node.toml",
        "/log/..%2fnode.toml",
        "/log/.lock",
        "/log/.aside",
        "/log/",
        "/log/tile",
        "/log/tile/0/",
        "/log/tile/0/00",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/257",
        "/log/tile/0/x000/000",
        "/log/tile/entries/000%00",
        "/log/checkpoint/",
    ],
)
def test_no_path_leads_to_another_file(node, client, path):
    (node.folder / "node.toml").write_text("p = 10", encoding="utf-8")
    answer = client.get(path)
    assert answer.status_code == 404
    assert "p = 10" not in answer.text


def test_the_log_is_served_as_it_lies_in_its_folder(node, client):
    files = [f for f in node.log_folder.rglob("*") if f.is_file() and not f.name.startswith(".")]
    assert len(files) == 3
    for file in files:
        path = file.relative_to(node.log_folder)
        answer = client.get(f"/log/{path}")
        assert answer.content == file.read_bytes(), path
        assert ("immutable" in answer.headers["cache-control"]) == (file.name != "checkpoint")


def test_what_the_pages_hand_out_verifies_without_them(node, client):
    entry = client.get(f"{RELEASE}.entry.json").content
    proven = verify_proof(client.get(f"{RELEASE}.tlog-proof").text, entry, (node.signer.verifier,))
    assert proven.index == 0
    manifest = json.loads(client.get(f"{RELEASE}.manifest.json").content)
    table = client.get(f"{RELEASE}.csv").content
    assert manifest[f"{PLAN}.csv"] == sha256(table).hexdigest()
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    assert json.loads(entry)["public"]["digest"] == sha256(canonical).hexdigest()
    assert client.get("/log/log.vkey").text.strip() == node.verifier_key


@pytest.mark.parametrize(
    "address", [f"{RELEASE}/r{'9' * 5000}/x.csv", f"/en/log/entries/{'1' * 5000}"]
)
def test_a_number_with_thousands_of_digits_is_no_address(client, address):
    assert client.get(address).status_code in {404, 414}
