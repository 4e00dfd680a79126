"""A return comes as a file, by form and over the net: the same rows, protected the same."""

import csv
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

import sekisho
from sekisho.errors import ProgrammeError
from sekisho.model.actor import Actor, Participant
from sekisho.model.table import Suppressed
from sekisho.model.text import Text
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import ParticipantKind, Role
from sekisho.web.app import create_app
from sekisho.wiring import checked_programme
from tests.lib.programme_folder import packed

PROGRAMME = "internet-traffic"
FORM = "subscribers-download"
DATASET = "subscribers-download-returns"
OFFICE = Participant(
    "demo-statistics-office",
    Text("Demonstration office", "実演の統計局"),
    ParticipantKind.PUBLIC_BODY,
    "JP",
)
OPERATORS = ("ISP-A", "ISP-B")
FOLDER = shipped_programmes()[PROGRAMME]
SAMPLE = FOLDER / "sample" / f"{DATASET}.csv"
API = f"http://127.0.0.1/api/v1/programmes/{PROGRAMME}/forms/{FORM}"


def sample(months=("2019-05",), operators=OPERATORS):
    with SAMPLE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [each for each in rows if each["month"] in months and each["provider"] in operators]


def answers_of(operator):
    """What the operator's officer types, or its program sends."""
    return {
        "traffic": [
            {
                "month": f"m{row['month']}",
                "category": row["category"].lower(),
                "two_hours": f"h{row['two_hours']}",
                "gbps": row["gbps"],
                "volume_gbit": row["volume_gbit"],
            }
            for row in sample(operators=(operator,))
        ]
    }


def write(file, rows):
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def traffic_node(folder):
    """A node of the office with the programme; the tokens of two operators."""
    node = sekisho.init(folder / "node", OFFICE, sensitivity={"p-percent": "12.5"})
    node._house = replace(node._house, rounds=1, threads=1)
    node.add_programme(PROGRAMME)
    tokens = {}
    for name in OPERATORS:
        kind = ParticipantKind.BUSINESS_OPERATOR
        node.add_participant(Participant(name, Text(name, name), kind, "JP"))
        tokens[name] = node.add_actor(Actor(f"{name}-desk", name, frozenset({Role.DATA_HOLDER})))
    return node, tokens


def delivered(node):
    """Every row that the node holds of the dataset, sorted."""
    house, found = node._house, []
    for each in house.store.deliveries(PROGRAMME, DATASET):
        found += pq.read_table(house.folder.delivery(PROGRAMME, DATASET, each.id)).to_pylist()
    return sorted(found, key=str)


def by_file(folder):
    node, _tokens = traffic_node(folder)
    node.load(PROGRAMME, DATASET, write(folder / "returns.csv", sample()))
    return node


def by_form(folder):
    node, _tokens = traffic_node(folder)
    for name in OPERATORS:
        forms = node.as_(f"{name}-desk").forms
        forms.fill(PROGRAMME, FORM, answers_of(name))
        forms.submit(PROGRAMME, FORM)
    node.forms.count(PROGRAMME, FORM)
    return node


def by_api(folder):
    node, tokens = traffic_node(folder)
    client = TestClient(create_app(node), base_url="http://127.0.0.1")
    for name in OPERATORS:
        bearer = {"Authorization": f"Bearer {tokens[name]}"}
        assert client.put(f"{API}/draft", json=answers_of(name), headers=bearer).is_success
        assert client.post(f"{API}/submissions", headers=bearer).status_code == 201
    node.forms.count(PROGRAMME, FORM)
    return node


def test_a_return_gives_the_same_rows_by_file_by_form_and_over_the_net(tmp_path):
    found = {}
    for way in (by_file, by_form, by_api):
        folder = tmp_path / way.__name__
        folder.mkdir()
        with way(folder) as node:
            found[way.__name__] = delivered(node)
    assert len(found["by_file"]) == len(sample()) == 48
    assert found["by_file"] == found["by_form"] == found["by_api"]


def test_no_operator_reads_anothers_return_or_brings_one_in_its_name(tmp_path):
    node, tokens = traffic_node(tmp_path)
    with node:
        client = TestClient(create_app(node), base_url="http://127.0.0.1")
        first, second = ({"Authorization": f"Bearer {tokens[name]}"} for name in OPERATORS)
        client.put(f"{API}/draft", json=answers_of("ISP-A"), headers=first)
        made = client.post(f"{API}/submissions", headers=first).json()
        assert client.get(f"{API}/draft", headers=second).json()["answers"] == {}
        place = f"http://127.0.0.1/api/v1/submissions/{made['reference']}"
        assert client.get(place, headers=first).status_code == 200
        assert client.get(place, headers=second).status_code == 404
        assert client.get(place).status_code == 404
        answers = answers_of("ISP-A") | {"provider": "ISP-B"}
        assert not client.put(f"{API}/draft", json=answers, headers=second).is_success


@pytest.mark.slow
def test_a_return_that_says_a_line_twice_is_refused_when_it_is_counted(tmp_path):
    node, _tokens = traffic_node(tmp_path)
    with node:
        forms = node.as_("ISP-A-desk").forms
        twice = answers_of("ISP-A")
        twice["traffic"].append(twice["traffic"][0])
        forms.fill(PROGRAMME, FORM, twice)
        forms.submit(PROGRAMME, FORM)
        with pytest.raises(sekisho.SekishoError):
            node.forms.count(PROGRAMME, FORM)
        assert delivered(node) == []


def test_operators_of_one_holding_are_protected_as_one(tmp_path):
    """Three operators behind a cell are two contributors when two of them belong together."""
    shown = {}
    for name, rows in (("apart", []), ("together", [("ISP-A", "Group"), ("ISP-B", "Group")])):
        folder = tmp_path / name
        folder.mkdir()
        node, _tokens = traffic_node(folder)
        with node:
            three = sample(operators=("ISP-A", "ISP-B", "ISP-C"))
            node.load(PROGRAMME, DATASET, write(folder / "returns.csv", three))
            with (folder / "held.csv").open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([("contributor", "holding"), *rows])
            node.members.set_holdings(PROGRAMME, folder / "held.csv")
            query = node._house
            assert query.store.calendar.holdings(PROGRAMME)
            view = _contributors(node)
            shown[name] = view
    assert set(shown["apart"].values()) == {3}
    assert set(shown["together"].values()) == {2}


def _contributors(node):
    """How many contributors stand behind each cell, as protection counts them."""
    from sekisho.gate.holdings import holdings_file, holdings_in_use
    from sekisho.lanes.statistics.admissible import admissible_query
    from sekisho.ports import Sources, Watch

    house, programme = node._house, node.programme(PROGRAMME)
    files = [
        house.folder.delivery(PROGRAMME, DATASET, each.id)
        for each in house.store.deliveries(PROGRAMME, DATASET)
    ]
    kept = holdings_file(house, PROGRAMME, holdings_in_use(house, programme))
    sources = Sources({DATASET: (programme.dataset(DATASET), tuple(files))}, {}, kept)
    plan = programme.plan("subscribers-download")
    query = admissible_query(programme, plan)
    cells = house.engine.contributions(query, sources, "provider", 10, Watch())
    return dict(zip(cells.groups, map(int, cells.contributors), strict=True))


@pytest.mark.slow
def test_a_table_of_all_operators_hides_what_one_could_read_of_another(tmp_path):
    node, _tokens = traffic_node(tmp_path)
    with node:
        node.load(PROGRAMME, DATASET, SAMPLE)
        (tmp_path / "held.csv").write_text("contributor,holding\n", encoding="utf-8")
        node.members.set_holdings(PROGRAMME, tmp_path / "held.csv")
        released = node.release(PROGRAMME, "subscribers-download")
        total = next(row.cell for row in released.table if set(row.groups) == {None})
        assert not isinstance(total, Suppressed)
        assert node.verify_certificate(released.id) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('id = "subscribers-download-returns"', 'id = "nothing"', "forms.unknown-dataset"),
        ('id = "gbps"\nkind = "number"', 'id = "gbps"\nkind = "date"', "forms.feeds-not"),
        ('id = "two_hours"', 'id = "hours"', "forms.feeds-not"),
    ],
)
def test_a_form_that_cannot_fill_its_dataset_is_a_fault(old, new, code):
    files = {
        str(path.relative_to(FOLDER)): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    name = "forms/subscribers-download.toml"
    text = files[name].decode().replace(old, new, 1)
    if "date" in new:
        text = text.replace("minimum = 0\ndecimals = 3\n", "", 1).replace(
            'unit = { en = "Gbit/s", ja = "Gbit/s" }\n', "", 1
        )
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(files | {name: text}))
    assert code in {each.code.removesuffix("-known") for each in raised.value.faults}
