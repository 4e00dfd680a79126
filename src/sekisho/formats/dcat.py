"""The catalogue of a node's releases as DCAT-AP 3.0.1: what there is, in which files, since when.

A data set is one release; the programme is its theme, from the node's own scheme of themes, since
programmes declare no others. What is not declared is left out, never guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sekisho.formats.triples import Graph, Iri, Literal, Thing, Value
from sekisho.model.actor import Participant
from sekisho.model.programme import Programme
from sekisho.model.release import Became, Release
from sekisho.model.text import Text
from sekisho.terms import Language, ReleaseState
from sekisho.text import sentence

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_IANA = "https://www.iana.org/assignments/media-types"
_PUBLIC = f"{_AUTHORITY}/access-right/PUBLIC"
_STATISTICS = f"{_AUTHORITY}/dataset-type/STATISTICAL"
_SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
_LANGUAGES = {
    Language.EN: f"{_AUTHORITY}/language/ENG",
    Language.JA: f"{_AUTHORITY}/language/JPN",
}
_FORMS: Mapping[str, tuple[str, str, tuple[Language, ...]]] = {
    "csv": ("CSV", "text/csv", ()),
    "ja.csv": ("CSV", "text/csv", (Language.JA,)),
    "xlsx": (
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (Language.EN,),
    ),
    "ja.xlsx": (
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (Language.JA,),
    ),
    "parquet": ("PARQUET", "application/vnd.apache.parquet", ()),
    "json": ("JSON", "application/json", tuple(Language)),
    "xml": ("XML", "application/xml", ()),
    "structure.xml": ("XML", "application/xml", tuple(Language)),
    "sdmx.csv": ("CSV", "text/csv", ()),
    "zip": ("ZIP", "application/zip", tuple(Language)),
}
"""Form -> file type of the EU's list, media type, languages of the words in it."""
_STANDARDS = {
    "xml": "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/data/structurespecific",
    "structure.xml": "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/structure",
    "sdmx.csv": "https://github.com/sdmx-twg/sdmx-csv",
}
_STATUS = {
    ReleaseState.CORRECTED: f"{_AUTHORITY}/distribution-status/DEPRECATED",
    ReleaseState.WITHDRAWN: f"{_AUTHORITY}/distribution-status/WITHDRAWN",
}
_COMPLETED = f"{_AUTHORITY}/distribution-status/COMPLETED"
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Catalogued:
    """A release with all that a catalogue says of it."""

    programme: Programme
    publisher: Participant | None
    release: Release
    became: Became
    sizes: Mapping[str, int]
    """Bytes of each file that can still be read."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every public release of a node, and under which address its pages stand."""

    base: str
    origin: str
    publisher: Participant
    entries: tuple[Catalogued, ...]

    def place(self, release: Release) -> str:
        """The address of a release's page."""
        return f"{self.base}/releases/{release.programme}/{release.plan}/r{release.revision}"


def graph_of(catalogue: Catalogue) -> Graph:
    """The whole catalogue as statements."""
    return Graph(PREFIXES, tuple(_things(catalogue)))


def _things(catalogue: Catalogue) -> Iterator[Thing]:
    yield _catalogue(catalogue)
    yield from _agents(catalogue)
    yield from _themes(catalogue)
    named: dict[str, str] = {_PUBLIC: "dct:RightsStatement"}
    named |= dict.fromkeys(_LANGUAGES.values(), "dct:LinguisticSystem")
    named |= {_SHA256: "spdx:ChecksumAlgorithm"} | dict.fromkeys(
        _STANDARDS.values(), "dct:Standard"
    )
    for file_type, media_type, _ in _FORMS.values():
        named[f"{_AUTHORITY}/file-type/{file_type}"] = "dct:MediaTypeOrExtent"
        named[f"{_IANA}/{media_type}"] = "dct:MediaType"
    for entry in catalogue.entries:
        yield _dataset(catalogue, entry)
        yield from _distributions(catalogue, entry)
    for name, kind in sorted(named.items()):
        yield Thing(Iri(name), (kind,))
    concepts = {_STATISTICS: "statistical", _COMPLETED: "completed"}
    concepts |= {_STATUS[state]: state.value for state in _STATUS}
    for name, code in sorted(concepts.items()):
        label = _said("skos:prefLabel", f"concept-{code}")
        yield Thing(Iri(name), ("skos:Concept",), tuple(label))


def _both(name: str, text: Text) -> list[tuple[str, Value]]:
    return [(name, Literal(text.en, "en")), (name, Literal(text.ja, "ja"))]


def _said(name: str, code: str, **fields: Text | str) -> list[tuple[str, Value]]:
    """A sentence in both languages as one property."""
    return [
        (
            name,
            Literal(
                sentence(
                    f"exports.{code}",
                    {k: v.said(each) if isinstance(v, Text) else v for k, v in fields.items()},
                    each,
                ),
                each.value,
            ),
        )
        for each in Language
    ]


def _moment(at: datetime) -> Literal:
    return Literal(f"{at:%Y-%m-%dT%H:%M:%SZ}", datatype="xsd:dateTime")


def _agent(catalogue: Catalogue, participant: str) -> Iri:
    return Iri(f"{catalogue.base}/catalogue#agent-{participant}")


def _theme(catalogue: Catalogue, programme: str) -> Iri:
    return Iri(f"{catalogue.base}/catalogue#programme-{programme}")


def _catalogue(catalogue: Catalogue) -> Thing:
    said: list[tuple[str, Value]] = _said(
        "dct:title", "catalogue-title", publisher=catalogue.publisher.name
    )
    said += _said("dct:description", "catalogue-description", origin=catalogue.origin)
    said.append(("dct:publisher", _agent(catalogue, catalogue.publisher.id)))
    said.append(("foaf:homepage", Iri(f"{catalogue.base}/")))
    said.append(("dcat:themeTaxonomy", Iri(f"{catalogue.base}/catalogue#programmes")))
    said += [("dct:language", Iri(each)) for each in _LANGUAGES.values()]
    moments = [each.release.out_at for each in catalogue.entries]
    if moments:
        said += [("dct:issued", _moment(min(moments))), ("dct:modified", _moment(max(moments)))]
    said += [("dcat:dataset", Iri(catalogue.place(each.release))) for each in catalogue.entries]
    return Thing(Iri(f"{catalogue.base}/catalogue"), ("dcat:Catalog",), tuple(said))


def _agents(catalogue: Catalogue) -> Iterator[Thing]:
    agents = {catalogue.publisher.id: catalogue.publisher.name}
    for each in catalogue.entries:
        steward = each.programme.steward
        agents[steward] = each.publisher.name if each.publisher else Text(steward, steward)
    for agent, name in sorted(agents.items()):
        yield Thing(_agent(catalogue, agent), ("foaf:Agent",), tuple(_both("foaf:name", name)))
    homepage = Iri(f"{catalogue.base}/")
    yield Thing(homepage, ("foaf:Document",))


def _themes(catalogue: Catalogue) -> Iterator[Thing]:
    scheme = Iri(f"{catalogue.base}/catalogue#programmes")
    yield Thing(scheme, ("skos:ConceptScheme",), tuple(_said("dct:title", "catalogue-themes")))
    programmes = {each.programme.id: each.programme.title for each in catalogue.entries}
    for programme, title in sorted(programmes.items()):
        said = (*_both("skos:prefLabel", title), ("skos:inScheme", scheme))
        yield Thing(_theme(catalogue, programme), ("skos:Concept",), said)


def _dataset(catalogue: Catalogue, entry: Catalogued) -> Thing:
    release, programme = entry.release, entry.programme
    said: list[tuple[str, Value]] = _both("dct:title", release.table.title)
    plan = programme.plan(release.plan)
    said += _both("dct:description", plan.description if plan else programme.description)
    said += [
        ("dct:identifier", Literal(release.id)),
        ("dct:publisher", _agent(catalogue, programme.steward)),
        ("dct:accessRights", Iri(_PUBLIC)),
        ("dct:type", Iri(_STATISTICS)),
        ("dcat:theme", _theme(catalogue, programme.id)),
        ("dct:issued", _moment(release.out_at)),
        ("dct:modified", _moment(release.out_at)),
        ("dcat:version", Literal(f"r{release.revision}")),
    ]
    said += [("dct:language", Iri(each)) for each in _LANGUAGES.values()]
    for dimension in release.table.dimensions:
        said += _both("dcat:keyword", dimension.title)
    said += _temporal(release)
    said += _legislation(release)
    said.append(("dct:provenance", _provenance(catalogue, entry)))
    said += _standing(catalogue, entry)
    said += [
        ("dcat:distribution", each.name) for each in _distributions(catalogue, entry) if each.name
    ]
    return Thing(Iri(catalogue.place(release)), ("dcat:Dataset",), tuple(said))


def _temporal(release: Release) -> list[tuple[str, Value]]:
    """The years that a dimension of the table lists, when it lists nothing else."""
    table = release.table
    for place, _ in enumerate(table.group_columns):
        groups = {row.groups[place] for row in table.rows} - {None}
        years = sorted(each for each in groups if each and _YEAR.fullmatch(each))
        if years and len(years) == len(groups):
            period: tuple[tuple[str, Value], ...] = (
                ("dcat:startDate", Literal(years[0], datatype="xsd:gYear")),
                ("dcat:endDate", Literal(years[-1], datatype="xsd:gYear")),
            )
            return [("dct:temporal", Thing(None, ("dct:PeriodOfTime",), period))]
    return []


def _legislation(release: Release) -> list[tuple[str, Value]]:
    """The articles of law that let the release out; a programme's own terms are none."""
    return [
        (
            "dcatap:applicableLegislation",
            Thing(None, ("eli:LegalResource",), tuple(_both("dct:title", rule.citation))),
        )
        for rule in release.decision.determining
        if rule.jurisdiction
    ]


def _provenance(catalogue: Catalogue, entry: Catalogued) -> Thing:
    release = entry.release
    method = "differential-privacy" if release.cost else "disclosure-control"
    how = Text(*(sentence(f"exports.method-{method}", language=each) for each in Language))
    index = "–" if release.entry_index is None else str(release.entry_index)
    label = _said(
        "rdfs:label", "catalogue-provenance", method=how, index=index, origin=catalogue.origin
    )
    return Thing(None, ("dct:ProvenanceStatement",), tuple(label))


def _standing(catalogue: Catalogue, entry: Catalogued) -> list[tuple[str, Value]]:
    """Whether it was corrected or withdrawn, and what it replaces."""
    release, became = entry.release, entry.became
    said: list[tuple[str, Value]] = [("adms:status", Iri(_status(entry)))]
    if became.corrected_by is not None:
        said.append(("dct:isReplacedBy", Iri(catalogue.place(became.corrected_by))))
    for each in catalogue.entries:
        if each.release.id == release.corrects:
            said.append(("dct:replaces", Iri(catalogue.place(each.release))))
    if became.withdrawal is not None:
        said += _both("adms:versionNotes", became.withdrawal.reason)
    return said


def _status(entry: Catalogued) -> str:
    if entry.became.withdrawal is not None:
        return _STATUS[ReleaseState.WITHDRAWN]
    if entry.became.corrected_by is not None:
        return _STATUS[ReleaseState.CORRECTED]
    return _STATUS.get(entry.release.state, _COMPLETED)


def _distributions(catalogue: Catalogue, entry: Catalogued) -> Iterator[Thing]:
    """Each form that can still be read."""
    release, place = entry.release, catalogue.place(entry.release)
    for form, (file_type, media_type, languages) in _FORMS.items():
        name = f"{release.id}.zip" if form == "zip" else f"{release.plan}.{form}"
        if name not in entry.sizes and (form != "zip" or not entry.sizes):
            continue
        address = Iri(f"{place}/{name}")
        said: list[tuple[str, Value]] = [
            ("dcat:accessURL", Iri(place)),
            ("dcat:downloadURL", address),
            ("dct:format", Iri(f"{_AUTHORITY}/file-type/{file_type}")),
            ("dcat:mediaType", Iri(f"{_IANA}/{media_type}")),
            ("dct:issued", _moment(release.out_at)),
            ("adms:status", Iri(_status(entry))),
            *_both("dct:title", Text(name, name)),
            *_rights(entry.programme),
        ]
        said += [("dct:language", Iri(_LANGUAGES[each])) for each in languages]
        if form in _STANDARDS:
            said.append(("dct:conformsTo", Iri(_STANDARDS[form])))
        if name in entry.sizes:
            size = Literal(str(entry.sizes[name]), datatype="xsd:nonNegativeInteger")
            said += [("dcat:byteSize", size), ("spdx:checksum", _checksum(release.files[name]))]
        yield Thing(Iri(f"{address.name}#distribution"), ("dcat:Distribution",), tuple(said))


def _checksum(digest: str) -> Thing:
    value = Literal(digest, datatype="xsd:hexBinary")
    said: tuple[tuple[str, Value], ...] = (
        ("spdx:algorithm", Iri(_SHA256)),
        ("spdx:checksumValue", value),
    )
    return Thing(None, ("spdx:Checksum",), said)


def _rights(programme: Programme) -> Sequence[tuple[str, Value]]:
    """The licences of the sources, as the programme declares them; one is the licence, too."""
    licences = sorted({each.licence for each in programme.datasets if each.licence})
    if not licences:
        return ()
    listed = "; ".join(licences)
    rights = Thing(
        None,
        ("dct:RightsStatement",),
        tuple(_said("rdfs:label", "catalogue-rights", licences=listed)),
    )
    found: list[tuple[str, Value]] = [("dct:rights", rights)]
    if len(licences) == 1:
        label = (("rdfs:label", Literal(licences[0])),)
        found.append(("dct:license", Thing(None, ("dct:LicenseDocument",), label)))
    return found
