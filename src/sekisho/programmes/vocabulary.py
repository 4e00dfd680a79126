"""The closed vocabulary of a programme folder: which keys a file may hold, and what each may be.

Reading, did-you-mean and the reference page all come from these lists; what is not here is a fault.
"""

from sekisho.model.facts import Category, Identifiability, PartyKind
from sekisho.programmes.calendars import CALENDAR_KEYS
from sekisho.programmes.dataset_vocabulary import CONTRIBUTION, OWN_OF_DATASET
from sekisho.programmes.form_vocabulary import form_keys
from sekisho.programmes.keys import HEAD, Key, Kind, required
from sekisho.programmes.public_vocabulary import COLUMN, INDICATORS, LABEL_SOURCE, PUBLIC
from sekisho.programmes.record_vocabulary import RECORD
from sekisho.programmes.timelines import TIMELINE_KEYS
from sekisho.terms import Lane, Method, Outcome

PROGRAMME = (
    *HEAD[:1],
    required("id", Kind.ID, "the programme's name in commands and addresses"),
    *HEAD[2:],
    required("description", Kind.BOTH, "what the programme is for"),
    required(
        "purpose",
        Kind.STRING,
        "term of the Data Privacy Vocabulary, such as `dpv:OfficialStatistics`",
    ),
    required("legal_basis", Kind.BOTH, "what allows the data to be brought and used"),
    required("steward", Kind.ID, "participant that answers for the programme"),
    required("recipients", Kind.IDS, "`public`, or participants", least=1, most=200),
    required(
        "jurisdictions",
        Kind.STRINGS,
        "whose law concerns the programme: ISO 3166-1 alpha-2, or `EU`",
        least=1,
        most=200,
    ),
)

DATASET = (
    *HEAD,
    required("description", Kind.BOTH, "what a row is"),
    Key("primary_key", Kind.NAMES, "columns that together are unique", most=20),
    Key("licence", Kind.STRING, "on what terms the data came"),
    Key("source", Kind.STRING, "where the data came from"),
    Key("sample", Kind.STRING, "file in `sample/` that can be loaded to try the programme out"),
    required("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=OWN_OF_DATASET),
    required("columns", Kind.TABLES, "every column, in order", keys=COLUMN, least=1, most=500),
)

LOOKUP = (
    *HEAD,
    required("key", Kind.NAME, "column that is unique, and joined on"),
    required("licence", Kind.STRING, "on what terms it came"),
    required("source", Kind.STRING, "where it came from"),
    Key("timeline", Kind.TABLE, "with rows that happened on a day", keys=TIMELINE_KEYS),
    required("columns", Kind.TABLES, "every column, in order", keys=COLUMN, least=2, most=100),
)

SENSITIVITY_RULES = ("minimum-frequency", "p-percent", "dominance", "prior-posterior")

_MEASURE = (
    required("column", Kind.NAME, "output column of the SQL"),
    required("title", Kind.BOTH, "what people read over it"),
    required("unit_of_measure", Kind.BOTH, "such as US dollars"),
)

_LEVEL = (
    required("column", Kind.NAME, "output column of the SQL"),
    required("title", Kind.BOTH, "what people read over it"),
)

_DIMENSION = (
    required("id", Kind.ID, "name of the dimension within the plan"),
    required("title", Kind.BOTH, "what people read as its name"),
    required("total", Kind.BOTH, "what people read for its total"),
    required("levels", Kind.TABLES, "from the widest to the finest", keys=_LEVEL, least=1, most=12),
)

RELEASE = (
    *HEAD,
    required("description", Kind.BOTH, "what the table shows and leaves out"),
    required("method", Kind.CHOICE, "the dataset's method of protection", choices=tuple(Method)),
    required("measure", Kind.TABLE, "what the table shows", keys=_MEASURE),
    required(
        "dimensions",
        Kind.TABLES,
        "directions of the table; the SQL gives each level with every total",
        keys=_DIMENSION,
        least=1,
        most=8,
    ),
    Key(
        "sensitivity_rules",
        Kind.STRINGS,
        "names only, of " + ", ".join(f"`{rule}`" for rule in SENSITIVITY_RULES),
        least=1,
        most=4,
        default='["minimum-frequency"]',
    ),
    Key(
        "minimum_frequency",
        Kind.INTEGER,
        "fewer contributors than this and the cell is hidden; public",
        least=2,
        most=1000,
        default="3",
    ),
    Key(
        "cost",
        Kind.CHOICE,
        "what is kept small when further cells have to be hidden",
        choices=("count", "value"),
        default="value",
    ),
    Key(
        "attackers",
        Kind.CHOICE,
        "against whom it protects: readers `outside`, or `contributors` who know their own values",
        choices=("outside", "contributors"),
        default="contributors",
    ),
    Key("links", Kind.IDS, "plans that are protected together with this one", most=100),
    Key(
        "must_publish",
        Kind.ROWS,
        "cells never hidden to protect others: a value a level, empty where it is totalled",
        most=1000,
    ),
    Key("epsilon", Kind.DECIMAL, "with `differential-privacy`: what one release costs"),
    Key(
        "contribution",
        Kind.TABLE,
        "with `differential-privacy`: what one unit is expected to contribute to this table",
        keys=CONTRIBUTION,
    ),
    Key(
        "calendar",
        Kind.TABLE,
        "when releases are published; nobody sees a release before its moment",
        keys=CALENDAR_KEYS,
    ),
    Key("labels", Kind.LABELS, "what people read for a value: `[labels.<level>]`, a line a value"),
    Key(
        "label_sources",
        Kind.TABLES,
        "labels that come from a look-up",
        most=20,
        keys=LABEL_SOURCE,
    ),
    INDICATORS,
)

_PARTY = (
    required("id", Kind.STRING, "the participant, or `public`"),
    Key("kind", Kind.CHOICE, "kind of party; `null` when unknown", choices=tuple(PartyKind)),
    Key("jurisdiction", Kind.STRING, "ISO 3166-1 alpha-2, or `EU`; `null` when unknown"),
)

_DATA = (
    Key(
        "identifiability",
        Kind.CHOICE,
        "how much of a person is left in it",
        choices=tuple(Identifiability),
    ),
    Key("categories", Kind.STRINGS, "of " + ", ".join(f"`{each}`" for each in Category)),
    Key("persons", Kind.INTEGER, "how many persons it concerns"),
)

_ENDED = (
    required("fact", Kind.STRING, "fact on file, such as `consent.given`"),
    required("until", Kind.STRING, "the last day on which it was true, `2026-10-31`"),
)

_FLOW = (
    required("lane", Kind.CHOICE, "the lane that is asked", choices=tuple(Lane)),
    Key("purpose", Kind.STRING, "term of the Data Privacy Vocabulary"),
    required("sender", Kind.TABLE, "who would send", keys=_PARTY),
    required("recipient", Kind.TABLE, "who would receive", keys=_PARTY),
    required("data", Kind.TABLE, "what would flow", keys=_DATA),
    Key("on_file", Kind.STRINGS, "facts on file that are true, such as `consent.given`"),
    Key("known_false", Kind.STRINGS, "facts that are false, such as `consent.withdrawn`"),
    Key("ended", Kind.TABLES, "facts that were true until a day", keys=_ENDED, most=50),
)

_EXPECTED = (
    required("outcome", Kind.CHOICE, "how the decision must end", choices=tuple(Outcome)),
    required("rules", Kind.STRINGS, "ids of the rules that it must cite, all of them"),
)

CASE = (
    *HEAD[:1],
    *HEAD[2:],
    required("on", Kind.STRING, "the day on which it is judged, `2026-11-21`"),
    required("flow", Kind.TABLE, "the request", keys=_FLOW),
    required("expected", Kind.TABLE, "the decision", keys=_EXPECTED),
)

FILES: dict[str, tuple[Key, ...]] = {
    "programme.toml": PROGRAMME,
    "datasets/*.toml": DATASET,
    "lookups/*.toml": LOOKUP,
    "public/*.toml": PUBLIC,
    "releases/*.toml": RELEASE,
    "records/*.toml": RECORD,
    "forms/*.toml": form_keys(tuple(key for key in OWN_OF_DATASET if key.name != "fhir")),
    "cases/*.json": CASE,
}
"""Kind of file -> the keys that it may hold."""

SECRET_PARAMETERS = frozenset(
    {"p", "n", "k", "q", "pq", "p_percent", "percent", "dominance", "dominance_n", "dominance_k"}
    | {"prior", "posterior", "p-percent", "prior-posterior", "threshold_percent"}
)
"""Names under which people would write the parameters that only the data holder may know."""


def keys_of(path: str) -> tuple[Key, ...] | None:
    """The vocabulary of a file of a programme folder; None when the file is not a declaration."""
    folder, _, name = path.rpartition("/")
    return FILES.get(f"{folder}/*.{name.rpartition('.')[2]}" if folder else path)
