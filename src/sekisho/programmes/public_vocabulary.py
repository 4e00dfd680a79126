"""What a column and a public table may hold; what a table of any kind shares."""

from sekisho.programmes.indicators import INDICATOR_KEYS
from sekisho.programmes.keys import HEAD, Key, Kind, required
from sekisho.terms import ColumnType

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

COLUMN = (
    required("name", Kind.NAME, "the column's name in the data and in SQL"),
    required("type", Kind.CHOICE, "type of Table Schema", choices=tuple(ColumnType)),
    required("title", Kind.BOTH, "what people read over the column"),
    Key("description", Kind.BOTH, "what the values mean"),
    Key("constraints", Kind.TABLE, "what every value keeps to", keys=_CONSTRAINTS),
    Key("sekisho", Kind.TABLE, "what Sekisho adds to Table Schema", keys=_OWN_OF_COLUMN),
)

LABEL_SOURCE = (
    required("column", Kind.NAME, "level that is labelled"),
    required("lookup", Kind.ID, "look-up that holds the labels"),
    required("value", Kind.NAME, "its column with the values of the level"),
    required("en", Kind.NAME, "its column with the English words"),
    required("ja", Kind.NAME, "its column with the Japanese words"),
)

INDICATORS = Key(
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
        keys=(*COLUMN, Key("unit", Kind.BOTH, "unit of the numbers, as people read it")),
        least=2,
        most=100,
    ),
    Key("corrections", Kind.TABLES, "what is known to be wrong", most=50, keys=_CORRECTION),
    INDICATORS,
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
