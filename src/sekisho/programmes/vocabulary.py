"""The closed vocabulary of a programme folder: which keys a file may hold, and what each may be.

Reading, did-you-mean and the reference page all come from these lists; what is not here is a fault.
"""

from dataclasses import dataclass
from enum import StrEnum

from sekisho.model.facts import Category, Identifiability, PartyKind
from sekisho.terms import ColumnType, Lane, Method, Outcome

SCHEMA = 1


class Kind(StrEnum):
    """What a value is."""

    STRING = "string"
    ID = "id"
    NAME = "name"
    BOTH = "text in both languages"
    INTEGER = "integer"
    DECIMAL = "decimal number as a string"
    BOOLEAN = "true or false"
    SCALAR = "string, number, date or true/false"
    PATTERN = "plain regular expression"
    CHOICE = "one of"
    STRINGS = "list of strings"
    IDS = "list of ids"
    NAMES = "list of names"
    SCALARS = "list of strings, numbers or dates"
    ROWS = "list of lists of strings"
    TABLE = "table"
    TABLES = "array of tables"
    LABELS = "table of columns, each a table of values, each a text in both languages"


@dataclass(frozen=True, slots=True)
class Key:
    """One key that a table may hold."""

    name: str
    kind: Kind
    means: str
    required: bool = False
    choices: tuple[str, ...] = ()
    keys: tuple["Key", ...] = ()
    """Of a table, or of each table of an array."""
    default: str = ""
    least: int = 0
    most: int | None = None
    """Bounds of an integer, or of how many a list holds."""


def _required(name: str, kind: Kind, means: str, **more: object) -> Key:
    return Key(name, kind, means, required=True, **more)  # type: ignore[arg-type]


_HEAD = (
    _required(
        "schema", Kind.INTEGER, "version of this vocabulary", least=SCHEMA, most=SCHEMA, default="1"
    ),
    _required("id", Kind.ID, "the file's name without `.toml`"),
    _required("title", Kind.BOTH, "what people read as its name"),
)

_CONSTRAINTS = (
    Key("required", Kind.BOOLEAN, "whether every row holds a value", default="false"),
    Key("enum", Kind.SCALARS, "the only values that may occur", least=1, most=2000),
    Key("minimum", Kind.SCALAR, "least value; for numbers and dates"),
    Key("maximum", Kind.SCALAR, "greatest value; for numbers and dates"),
    Key("pattern", Kind.PATTERN, "what the whole of each string matches"),
)

_OWN_OF_COLUMN = (
    Key(
        "sensitivity",
        Kind.CHOICE,
        "`public`, `confidential` (used within statistics) or `identifying` (never shown)",
        choices=("public", "confidential", "identifying"),
        default="confidential",
    ),
    Key("unit_of_measure", Kind.STRING, "such as `USD` or `h/week`"),
    Key(
        "decimals",
        Kind.INTEGER,
        "digits after the point that a `number` keeps; more in the data are a fault",
        most=9,
        default="0",
    ),
)

_COLUMN = (
    _required("name", Kind.NAME, "the column's name in the data and in SQL"),
    _required("type", Kind.CHOICE, "type of Table Schema", choices=tuple(ColumnType)),
    _required("title", Kind.BOTH, "what people read over the column"),
    Key("description", Kind.BOTH, "what the values mean"),
    Key("constraints", Kind.TABLE, "what every value keeps to", keys=_CONSTRAINTS),
    Key("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=_OWN_OF_COLUMN),
)

PROGRAMME = (
    *_HEAD[:1],
    _required("id", Kind.ID, "the programme's name in commands and addresses"),
    *_HEAD[2:],
    _required("description", Kind.BOTH, "what the programme is for"),
    _required(
        "purpose",
        Kind.STRING,
        "term of the Data Privacy Vocabulary, such as `dpv:OfficialStatistics`",
    ),
    _required("legal_basis", Kind.BOTH, "what allows the data to be brought and used"),
    _required("steward", Kind.ID, "participant that answers for the programme"),
    _required("recipients", Kind.IDS, "`public`, or participants", least=1, most=200),
    _required(
        "jurisdictions",
        Kind.STRINGS,
        "whose law concerns the programme: ISO 3166-1 alpha-2, or `EU`",
        least=1,
        most=200,
    ),
)

_NOT_CONTRIBUTOR = (
    _required("value", Kind.STRING, "the value in the contributor's column"),
    _required("reason", Kind.BOTH, "why it is no third party"),
)

_BUDGET = (
    _required("epsilon", Kind.DECIMAL, "most that may be spent in a period"),
    _required("delta", Kind.DECIMAL, "probability with which epsilon may fail"),
    _required(
        "period", Kind.CHOICE, "when the budget begins anew", choices=("month", "year", "once")
    ),
    Key(
        "column",
        Kind.NAME,
        "date column that says to which period a row belongs; needed with `month` and `year`",
    ),
    Key(
        "measure",
        Kind.CHOICE,
        "how what was spent is kept: `gaussian` as mu squared, `pure` as epsilon",
        choices=("gaussian", "pure"),
        default="gaussian",
    ),
)

_CONTRIBUTION = (
    Key("groups", Kind.INTEGER, "groups of a table that one unit stands in", least=1, default="1"),
    Key("rows", Kind.INTEGER, "rows of one unit in one group", least=1, default="1"),
    Key(
        "found_groups",
        Kind.INTEGER,
        "groups a unit may bring where the declaration lists none; 0 refuses such queries",
        default="0",
    ),
    Key(
        "length",
        Kind.DECIMAL,
        "root of the sum, over groups, of the squares of a unit's amounts, in the measure's unit",
    ),
)
"""How much a unit is expected to contribute: more is scaled down, never refused."""

_OWN_OF_DATASET = (
    _required("method", Kind.CHOICE, "how the statistics lane protects it", choices=tuple(Method)),
    Key("contributor", Kind.NAME, "column that names whose contribution a row is (firms)"),
    Key("holding", Kind.NAME, "column that names the holding a contributor belongs to"),
    Key("privacy_unit", Kind.NAME, "column that names whom differential privacy protects"),
    Key(
        "missing_unit",
        Kind.CHOICE,
        "what becomes of rows without contributor or privacy unit",
        choices=("refuse", "exclude"),
        default="refuse",
    ),
    Key("holder", Kind.ID, "participant that brings the data"),
    Key(
        "not_contributors",
        Kind.TABLES,
        "values of the contributor's column that are no third party; a plan may leave them out",
        most=100,
        keys=_NOT_CONTRIBUTOR,
    ),
    Key("budget", Kind.TABLE, "what may be spent on people's data", keys=_BUDGET),
    Key(
        "contribution",
        Kind.TABLE,
        "how much one unit is expected to contribute to a table; more is scaled down",
        keys=_CONTRIBUTION,
    ),
)

DATASET = (
    *_HEAD,
    _required("description", Kind.BOTH, "what a row is"),
    Key("primary_key", Kind.NAMES, "columns that together are unique", most=20),
    Key("licence", Kind.STRING, "on what terms the data came"),
    Key("source", Kind.STRING, "where the data came from"),
    Key("sample", Kind.STRING, "file in `sample/` that can be loaded to try the programme out"),
    _required("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=_OWN_OF_DATASET),
    _required("columns", Kind.TABLES, "every column, in order", keys=_COLUMN, least=1, most=500),
)

LOOKUP = (
    *_HEAD,
    _required("key", Kind.NAME, "column that is unique, and joined on"),
    _required("licence", Kind.STRING, "on what terms it came"),
    _required("source", Kind.STRING, "where it came from"),
    _required("columns", Kind.TABLES, "every column, in order", keys=_COLUMN, least=2, most=100),
)

SENSITIVITY_RULES = ("minimum-frequency", "p-percent", "dominance", "prior-posterior")

_MEASURE = (
    _required("column", Kind.NAME, "output column of the SQL"),
    _required("title", Kind.BOTH, "what people read over it"),
    _required("unit_of_measure", Kind.BOTH, "such as US dollars"),
)

_LEVEL = (
    _required("column", Kind.NAME, "output column of the SQL"),
    _required("title", Kind.BOTH, "what people read over it"),
)

_DIMENSION = (
    _required("id", Kind.ID, "name of the dimension within the plan"),
    _required("title", Kind.BOTH, "what people read as its name"),
    _required("total", Kind.BOTH, "what people read for its total"),
    _required(
        "levels", Kind.TABLES, "from the widest to the finest", keys=_LEVEL, least=1, most=12
    ),
)

_LABEL_SOURCE = (
    _required("column", Kind.NAME, "level that is labelled"),
    _required("lookup", Kind.ID, "look-up that holds the labels"),
    _required("value", Kind.NAME, "its column with the values of the level"),
    _required("en", Kind.NAME, "its column with the English words"),
    _required("ja", Kind.NAME, "its column with the Japanese words"),
)

RELEASE = (
    *_HEAD,
    _required("description", Kind.BOTH, "what the table shows and leaves out"),
    _required("method", Kind.CHOICE, "the dataset's method of protection", choices=tuple(Method)),
    _required("measure", Kind.TABLE, "what the table shows", keys=_MEASURE),
    _required(
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
        keys=_CONTRIBUTION,
    ),
    Key("labels", Kind.LABELS, "what people read for a value: `[labels.<level>]`, a line a value"),
    Key(
        "label_sources",
        Kind.TABLES,
        "labels that come from a look-up",
        most=20,
        keys=_LABEL_SOURCE,
    ),
)

_PARTY = (
    _required("id", Kind.STRING, "the participant, or `public`"),
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

_FLOW = (
    _required("lane", Kind.CHOICE, "the lane that is asked", choices=tuple(Lane)),
    Key("purpose", Kind.STRING, "term of the Data Privacy Vocabulary"),
    _required("sender", Kind.TABLE, "who would send", keys=_PARTY),
    _required("recipient", Kind.TABLE, "who would receive", keys=_PARTY),
    _required("data", Kind.TABLE, "what would flow", keys=_DATA),
    Key("on_file", Kind.STRINGS, "facts on file that are true, such as `consent.given`"),
)

_EXPECTED = (
    _required("outcome", Kind.CHOICE, "how the decision must end", choices=tuple(Outcome)),
    _required("rules", Kind.STRINGS, "ids of the rules that it must cite, all of them"),
)

CASE = (
    *_HEAD[:1],
    *_HEAD[2:],
    _required("on", Kind.STRING, "the day on which it is judged, `2026-11-21`"),
    _required("flow", Kind.TABLE, "the request", keys=_FLOW),
    _required("expected", Kind.TABLE, "the decision", keys=_EXPECTED),
)

FILES: dict[str, tuple[Key, ...]] = {
    "programme.toml": PROGRAMME,
    "datasets/*.toml": DATASET,
    "lookups/*.toml": LOOKUP,
    "releases/*.toml": RELEASE,
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
