"""The pages of public tables and of a release's indicators, from a real node."""

import pytest
from fastapi.testclient import TestClient

import sekisho
from sekisho.cli.main import run
from sekisho.web.app import create_app
from tests.lib.programme_folder import write
from tests.lib.public_folder import PUBLIC

BASE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("public")
    assert run(["init", str(home / "node"), "--participant", "office"]) == 0
    private = PUBLIC | {
        "programme.toml": PUBLIC["programme.toml"]
        .replace('["public"]', '["office"]')
        .replace("shop-sales", "own-visits")
    }
    with sekisho.open(home / "node") as node:
        node.add_programme(write(home / "visits", PUBLIC))
        node.add_programme(write(home / "own", private))
    return home


@pytest.fixture(scope="module")
def client(folder):
    with sekisho.open(folder / "node") as node:
        yield TestClient(
            create_app(node), base_url=BASE, follow_redirects=False, raise_server_exceptions=False
        )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Visits", "North", "persons", "A hundred came", "CC0", "no proof", "Known to be wrong")),
        ("ja", ("来訪者", "北", "人", "百人来た", "CC0", "証明ではありません", "誤りと分かっている数値")),
    ],
)  # fmt: skip
def test_the_page_has_table_chart_words_licence_and_what_is_wrong(client, language, words):
    page = client.get(f"/{language}/public/shop-sales/visits")
    assert page.status_code == 200
    assert page.headers["content-language"] == language
    for each in words:
        assert each in page.text
    assert page.text.index("<table") < page.text.index("<picture")
    assert "<script" not in page.text


def test_the_front_page_leads_to_it(client):
    assert "/en/public/shop-sales/visits" in client.get("/en/").text


def test_an_address_without_a_language_leads_to_the_readers(client):
    found = client.get("/public/shop-sales/visits", headers={"accept-language": "ja"})
    assert (found.status_code, found.headers["location"]) == (307, "/ja/public/shop-sales/visits")


def test_the_csv_is_byte_for_byte_what_the_programme_folder_holds(client):
    found = client.get("/public/shop-sales/visits.csv")
    assert found.text == PUBLIC["public/visits.csv"]
    assert "attachment" in found.headers["content-disposition"]


def test_the_json_has_the_figures(client):
    found = client.get("/public/shop-sales/visits.json").json()
    effect = next(e for e in found["indicators"] if e["id"] == "effect")
    first = effect["figures"][0]
    assert (first["group"], first["what"]) == ("n", "effect")
    assert -55 < float(first["value"]) < -45


@pytest.mark.parametrize("picture", ["chart.svg", "chart-narrow.svg"])
@pytest.mark.parametrize("indicator", ["change", "effect"])
def test_each_indicator_has_its_charts(client, indicator, picture):
    found = client.get(f"/ja/public/shop-sales/visits/{indicator}/{picture}")
    assert found.status_code == 200
    assert found.headers["content-type"] == "image/svg+xml"
    assert "<desc" in found.text


@pytest.mark.parametrize(
    "path",
    [
        "/en/public/shop-sales/none",
        "/en/public/none/visits",
        "/en/public/own-visits/visits",
        "/public/own-visits/visits.csv",
        "/public/shop-sales/visits.exe",
        "/public/shop-sales/..%2f..%2fprogramme.toml.csv",
        "/en/public/shop-sales/visits/none/chart.svg",
        "/en/public/shop-sales/visits/change/other.svg",
    ],
)
def test_what_is_not_there_or_not_for_everyone_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_an_unknown_parameter_is_refused(client):
    assert client.get("/en/public/shop-sales/visits?area=n").status_code == 400


def test_a_row_changed_on_the_disk_is_found_out(folder, client, tmp_path):
    """Against a copy of the node: the folder is compared with its digest before rows are shown."""
    import shutil

    shutil.copytree(folder / "node", tmp_path / "node")
    (csv,) = (tmp_path / "node" / "programmes" / "shop-sales").rglob("visits.csv")
    csv.chmod(0o644)
    csv.write_text(csv.read_text("utf-8").replace("n,98", "n,1"), "utf-8")
    with sekisho.open(tmp_path / "node") as node:
        changed = TestClient(create_app(node), base_url=BASE, raise_server_exceptions=False)
        assert changed.get("/en/public/shop-sales/visits").status_code >= 400


def test_the_command_line_says_the_same(folder, capsys):
    node = str(folder / "node")
    assert run(["public", "list", node]) == 0
    assert "shop-sales visits" in capsys.readouterr().out
    assert run(["public", "show", node, "shop-sales", "visits", "--lang", "ja"]) == 0
    told = capsys.readouterr().out
    assert "北：" in told
    assert "証明ではありません" in told
    assert "百人来た" in told
    asked = ["public", "show", node, "shop-sales", "visits", "--indicator", "effect", "--json"]
    assert run(asked) == 0
    assert '"way": "policy"' in capsys.readouterr().out
    assert run(["public", "show", node, "shop-sales", "visits", "--indicator", "non"]) != 0
