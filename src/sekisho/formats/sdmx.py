"""The structure of a released table in SDMX-ML 3.0: pysdmx writes it, only here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from sekisho.errors import UsageError, fault
from sekisho.formats.cells import ESTIMATE_COLUMNS, whole_file
from sekisho.formats.sdmx_names import (
    CONF_STATUS,
    CONFIDENTIAL,
    ESTIMATED,
    ESTIMATES,
    FREE,
    MEASURE,
    MISSING,
    NORMAL,
    OBS_STATUS,
    UNIT,
    UNIT_CODE,
    Names,
    code,
    namers,
    names_of,
)
from sekisho.model.table import Table
from sekisho.terms import Language
from sekisho.text import sentence

if TYPE_CHECKING:
    from pysdmx.model import Codelist, Component

CONCEPTS = "CONCEPTS"
MEDIA_TYPE = "application/vnd.sdmx.structure+xml;version=3.0.0"
_NAMED = re.compile(
    r'^([ \t]*)<com:(Name|Description) xml:lang="en">§(\d+)§</com:\2>$', re.MULTILINE
)
_OF_MEASURE = re.compile(
    r"^[ \t]*<str:MeasureRelationship>.*?</str:MeasureRelationship>\n", re.MULTILINE | re.DOTALL
)
"""Says that an attribute belongs to the only measure there is, and readers stumble over it."""


def sdmx_is_installed() -> bool:
    """Whether the extra `sdmx` is there."""
    return find_spec("pysdmx") is not None and find_spec("lxml") is not None


@dataclass(frozen=True, slots=True)
class SdmxStructure:
    """Data structure definition, code lists, concepts and dataflow, named in both languages."""

    name: str = "sdmx-structure"
    suffix: str = ".structure.xml"
    media_type: str = MEDIA_TYPE

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole structure message.

        Raises: StorageError when the file cannot be written; UsageError without pysdmx.
        """
        data = structure_message(table, about).encode("utf-8")
        with whole_file(target) as file:
            file.write(data)


def structure_message(table: Table, about: Mapping[str, object]) -> str:
    """The structure message as text.

    Raises: UsageError without pysdmx.
    """
    if not sdmx_is_installed():
        raise UsageError(fault("format.sdmx-not-installed"))
    from pysdmx.io.xml.sdmx30.writer.structure import write
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    names = names_of(table, about)
    made = _Structure(table, names)
    header = Header(
        id=_message_id(names),
        prepared=datetime.fromisoformat(names.made),
        sender=Organisation(id=names.agency, name=escape(names.agency_name)),
    )
    written = write(made.artefacts(), header=header) or ""
    return _NAMED.sub(made.in_both, _OF_MEASURE.sub("", written)) + "\n"


def _message_id(names: Names) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", names.release)


def _both(name: str) -> tuple[str, str]:
    return tuple(sentence(f"format.{name}", language=each) for each in Language)  # type: ignore[return-value]


@dataclass(slots=True)
class _Structure:
    """The artefacts of one table; what pysdmx names in one language is named in two afterwards."""

    table: Table
    names: Names
    said: list[tuple[str, str]] = field(default_factory=list)

    def in_both(self, found: "re.Match[str]") -> str:
        """A name that stands as a number, in English and Japanese."""
        indent, element, number = found[1], found[2], int(found[3])
        tongues = zip(("en", "ja"), self.said[number], strict=True)
        return "\n".join(
            f'{indent}<com:{element} xml:lang="{tongue}">{escape(text)}</com:{element}>'
            for tongue, text in tongues
        )

    def _name(self, text: tuple[str, str]) -> str:
        self.said.append(text)
        return f"§{len(self.said) - 1}§"

    def _kept(self, identifier: str, name: tuple[str, str]) -> dict[str, Any]:
        names = self.names
        return {
            "id": identifier,
            "name": self._name(name),
            "agency": names.agency,
            "version": names.version,
        }

    def artefacts(self) -> list[Any]:
        """Everything that the data message refers to."""
        from pysdmx.model import Components, ConceptScheme, Dataflow, DataStructureDefinition

        title = (self.table.title.en, self.table.title.ja)
        lists = self._lists()
        components = Components(self._components(lists))
        concepts = ConceptScheme(
            **self._kept(CONCEPTS, _both("sdmx-concepts")), items=self._concepts()
        )
        structure = DataStructureDefinition(
            **self._kept(self.names.structure, title), components=components
        )
        dataflow = Dataflow(
            **self._kept(self.names.dataflow, title),
            description=self._name(_both("sdmx-description")),
            structure=structure,
        )
        return [*lists.values(), concepts, structure, dataflow]

    def _lists(self) -> dict[str, "Codelist"]:
        """A code list for each dimension and each coded attribute."""
        table = self.table
        titles = [title for each in table.dimensions for title in each.column_titles]
        found = {}
        pairs = zip(self.names.dimensions, titles, namers(table), strict=True)
        for place, (name, title, said) in enumerate(pairs):
            groups = dict.fromkeys(row.groups[place] for row in table.rows)
            codes = {code(group): said(group) for group in groups}
            found[name] = self._list(f"CL_{name}", (title.en, title.ja), codes)
        status = {
            each: _both(f"sdmx-status-{each.lower()}") for each in (NORMAL, ESTIMATED, MISSING)
        }
        confidential = {each: _both(f"sdmx-conf-{each.lower()}") for each in (FREE, CONFIDENTIAL)}
        unit = (table.unit_of_measure.en, table.unit_of_measure.ja)
        found[OBS_STATUS] = self._list("CL_OBS_STATUS", _both("sdmx-obs-status"), status)
        found[CONF_STATUS] = self._list("CL_CONF_STATUS", _both("sdmx-conf-status"), confidential)
        found[UNIT] = self._list("CL_UNIT_MEASURE", _both("sdmx-unit"), {UNIT_CODE: unit})
        return found

    def _list(
        self, identifier: str, name: tuple[str, str], codes: Mapping[str, tuple[str, str]]
    ) -> "Codelist":
        from pysdmx.model import Code, Codelist

        items = [Code(id=each, name=self._name(said)) for each, said in codes.items()]
        return Codelist(**self._kept(identifier, name), items=items)

    def _concepts(self) -> list[Any]:
        from pysdmx.model import Concept

        table = self.table
        titles = [title for each in table.dimensions for title in each.column_titles]
        named = {
            name: (title.en, title.ja)
            for name, title in zip(self.names.dimensions, titles, strict=True)
        }
        named[MEASURE] = (table.measure_title.en, table.measure_title.ja)
        named[OBS_STATUS] = _both("sdmx-obs-status")
        named[CONF_STATUS] = _both("sdmx-conf-status")
        named[UNIT] = _both("sdmx-unit")
        if table.is_estimated:
            for name, column in zip(ESTIMATES, ESTIMATE_COLUMNS, strict=True):
                named[name] = _both(column.replace("_", "-"))
        return [Concept(id=each, name=self._name(said)) for each, said in named.items()]

    def _components(self, lists: Mapping[str, "Codelist"]) -> list["Component"]:
        from pysdmx.model import Component, DataType, Facets, ItemReference, Role

        names = self.names
        number = {"local_dtype": DataType.DECIMAL}
        exact = Facets(decimals=self.table.decimals)

        def one(name: str, role: Role, *, required: bool, **more: Any) -> Component:
            concept = ItemReference("Concept", names.agency, CONCEPTS, names.version, name)
            coded = {"local_dtype": DataType.STRING, "local_codes": lists.get(name)}
            return Component(name, required, role, concept, **(coded | more))

        observed = {"attachment_level": "O"}
        made = [one(each, Role.DIMENSION, required=True) for each in names.dimensions]
        made.append(one(MEASURE, Role.MEASURE, required=False, **number, local_facets=exact))
        # The unit belongs to the whole table; readers are surest of what stands at the observation.
        for each in (OBS_STATUS, CONF_STATUS, UNIT):
            made.append(one(each, Role.ATTRIBUTE, required=True, **observed))
        for each in ESTIMATES if self.table.is_estimated else ():
            made.append(
                one(each, Role.ATTRIBUTE, required=False, **number, **observed, local_facets=exact)
            )
        return made
