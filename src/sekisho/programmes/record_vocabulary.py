"""The keys of a record flow: what a subject may be asked to let go, and how."""

from sekisho.model.facts import Category
from sekisho.programmes.keys import HEAD, Key, Kind, required

FORMATS = ("fhir-r4",)
"""Record formats that a flow may name."""
EXPRESSED_BY = ("self", "guardian", "proxy")

_CATEGORY = (
    required("id", Kind.ID, "name of the category within the flow"),
    required("title", Kind.BOTH, "what the subject reads as its name"),
    required("types", Kind.STRINGS, "resource types, such as `Observation`", least=1, most=20),
    required(
        "fields",
        Kind.STRINGS,
        "paths that are kept, such as `Observation.value[x]`; nothing else of a resource leaves",
        least=1,
        most=200,
    ),
    required(
        "special",
        Kind.CHOICE,
        "how the laws on personal information treat it",
        choices=tuple(Category),
    ),
    Key(
        "codes",
        Kind.ROWS,
        "`[system, code]` of the resources that belong to it; without them all of these types do",
        least=1,
        most=1000,
    ),
    Key("needed", Kind.BOOLEAN, "whether nothing can leave without this category", default="false"),
)

_NOTICE = (
    required("id", Kind.ID, "`notices/<id>.en.md` and `notices/<id>.ja.md` are what is shown"),
    required(
        "by",
        Kind.STRINGS,
        "who consents after reading it, of " + ", ".join(f"`{each}`" for each in EXPRESSED_BY),
        least=1,
        most=3,
    ),
    Key(
        "informs",
        Kind.STRINGS,
        "facts that hold once it was read and agreed to, such as `consent.informed_country`",
        least=1,
        most=20,
    ),
)

RECORD = (
    *HEAD,
    required("description", Kind.BOTH, "what moves, and what for"),
    required("format", Kind.CHOICE, "format of the records", choices=FORMATS),
    required("subject", Kind.CHOICE, "whose records move", choices=("person", "firm")),
    required("purpose", Kind.STRING, "term of the Data Privacy Vocabulary; consents are for it"),
    required("senders", Kind.IDS, "participants that may send", least=1, most=200),
    required("recipients", Kind.IDS, "participants that may receive", least=1, most=200),
    required("longest_days", Kind.INTEGER, "how long a consent may be valid", least=1, most=1826),
    required("pick_up_hours", Kind.INTEGER, "how long a sealed payload waits", least=1, most=720),
    Key("pick_up_once", Kind.BOOLEAN, "whether it can be fetched once only", default="true"),
    Key(
        "free_text",
        Kind.BOOLEAN,
        "whether a subject may let narratives and other free text go at all",
        default="false",
    ),
    Key(
        "onward",
        Kind.BOOLEAN,
        "whether a subject may let recipients pass the record on",
        default="false",
    ),
    Key(
        "keep_days",
        Kind.INTEGER,
        "how long recipients may keep what they received; 0: as their law says",
        most=36_525,
        default="0",
    ),
    Key(
        "age_of_consent",
        Kind.INTEGER,
        "years; whoever is younger needs a guardian; without it nobody does",
        least=1,
        most=30,
    ),
    Key("sample", Kind.STRING, "file in `sample/` that can be sent to try the flow out"),
    required(
        "categories", Kind.TABLES, "what a subject may let go", keys=_CATEGORY, least=1, most=50
    ),
    required(
        "notices", Kind.TABLES, "what is shown before consent", keys=_NOTICE, least=1, most=20
    ),
)
