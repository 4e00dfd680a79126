"""The closed vocabulary of a programme folder: which keys a file may hold, and what each may be.

Reading, did-you-mean and the reference page all come from these lists; what is not here is a fault.
"""

from sekisho.model.facts import Category, Identifiability, PartyKind
from sekisho.programmes.calendars import CALENDAR_KEYS
from sekisho.programmes.form_vocabulary import form_keys
from sekisho.programmes.indicators import INDICATOR_KEYS
from sekisho.programmes.keys import HEAD, Key, Kind, required
from sekisho.programmes.record_vocabulary import RECORD
from sekisho.programmes.timelines import TIMELINE_KEYS
from sekisho.terms import ColumnType, Lane, Method, Outcome

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
    required("name", Kind.NAME, "the column's name in the data and in SQL"),
    required("type", Kind.CHOICE, "type of Table Schema", choices=tuple(ColumnType)),
    required("title", Kind.BOTH, "what people read over the column"),
    Key("description", Kind.BOTH, "what the values mean"),
    Key("constraints", Kind.TABLE, "what every value keeps to", keys=_CONSTRAINTS),
    Key("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=_OWN_OF_COLUMN),
)

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

_NOT_CONTRIBUTOR = (
    required("value", Kind.STRING, "the value in the contributor's column"),
    required("reason", Kind.BOTH, "why it is no third party"),
)

_BUDGET = (
    required("epsilon", Kind.DECIMAL, "most that may be spent in a period"),
    required("delta", Kind.DECIMAL, "probability with which epsilon may fail"),
    required(
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
    Key(
        "groups",
        Kind.LIMIT,
        "groups that one unit stands in; chosen from a noisy count, or as an earlier release did",
        least=1,
        choices=("chosen", "earlier"),
        default="chosen",
    ),
    Key("rows", Kind.LIMIT, "rows of one unit in one group", least=1, choices=("chosen",)),
    Key(
        "found_groups",
        Kind.INTEGER,
        "groups a unit may bring where the declaration lists none; 0 refuses such queries",
        default="0",
    ),
    Key(
        "length",
        Kind.LENGTH,
        "root of the sum, over groups, of the squares of a unit's amounts, in the measure's unit",
        choices=("chosen",),
    ),
    Key(
        "sampled",
        Kind.BOOLEAN,
        "keep that many groups of each unit, chosen by a hash, instead of scaling all of them",
        default="false",
    ),
)
"""How much a unit is expected to contribute: more is scaled down, never refused."""

_OWN_OF_DATASET = (
    required("method", Kind.CHOICE, "how the statistics lane protects it", choices=tuple(Method)),
    Key("contributor", Kind.NAME, "column that names whose contribution a row is (firms)"),
    Key("holding", Kind.NAME, "column that names the holding a contributor belongs to"),
    Key(
        "private_holdings",
        Kind.BOOLEAN,
        "that column stands in no delivery: the data holder keeps a table of it",
        default="false",
    ),
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
    *HEAD,
    required("description", Kind.BOTH, "what a row is"),
    Key("primary_key", Kind.NAMES, "columns that together are unique", most=20),
    Key("licence", Kind.STRING, "on what terms the data came"),
    Key("source", Kind.STRING, "where the data came from"),
    Key("sample", Kind.STRING, "file in `sample/` that can be loaded to try the programme out"),
    required("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=_OWN_OF_DATASET),
    required("columns", Kind.TABLES, "every column, in order", keys=_COLUMN, least=1, most=500),
)

LOOKUP = (
    *HEAD,
    required("key", Kind.NAME, "column that is unique, and joined on"),
    required("licence", Kind.STRING, "on what terms it came"),
    required("source", Kind.STRING, "where it came from"),
    Key("timeline", Kind.TABLE, "with rows that happened on a day", keys=TIMELINE_KEYS),
    required("columns", Kind.TABLES, "every column, in order", keys=_COLUMN, least=2, most=100),
)

LABEL_SOURCE = (
    required("column", Kind.NAME, "level that is labelled"),
    required("lookup", Kind.ID, "look-up that holds the labels"),
    required("value", Kind.NAME, "its column with the values of the level"),
    required("en", Kind.NAME, "its column with the English words"),
    required("ja", Kind.NAME, "its column with the Japanese words"),
)

_INDICATORS = Key(
    "indicators",
    Kind.TABLES,
    "figures worked out from the table's numbers once they are out; they read no data",
    most=50,
    keys=INDICATOR_KEYS,
)

_CORRECTION = (
    required("said", Kind.BOTH, "what is said somewhere and is wrong"),
    required("published", Kind.BOTH, "what was published instead"),
    required("source", Kind.STRING, "where what was published stands"),
)

_LABELS = Key(
    "labels", Kind.LABELS, "what people read for a value: `[labels.<column>]`, a line a value"
)

PUBLIC = (
    *HEAD,
    required("description", Kind.BOTH, "what the table shows and leaves out"),
    required("licence", Kind.STRING, "on what terms it may be used, and whom to name"),
    required("source", Kind.STRING, "who published it, and its address"),
    required("dated", Kind.STRING, "of which day or edition the numbers are"),
    required("primary_key", Kind.NAMES, "columns that together are unique", least=1, most=20),
    required(
        "columns",
        Kind.TABLES,
        "every column, in order",
        keys=(*_COLUMN, Key("unit", Kind.BOTH, "unit of the numbers, as people read it")),
        least=2,
        most=100,
    ),
    Key("corrections", Kind.TABLES, "what is known to be wrong", most=50, keys=_CORRECTION),
    _INDICATORS,
    _LABELS,
    Key(
        "label_sources",
        Kind.TABLES,
        "labels that come from a look-up; its `column` is one of this table",
        most=20,
        keys=LABEL_SOURCE,
    ),
)
"""A table that is out already: nobody is in it whom a lane would protect."""

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
        keys=_CONTRIBUTION,
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
    _INDICATORS,
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
    "forms/*.toml": form_keys(_OWN_OF_DATASET),
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
