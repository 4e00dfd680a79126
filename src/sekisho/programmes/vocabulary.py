"""The closed vocabulary of a programme folder: which keys a file may hold, and what each may be.

Reading, did-you-mean and the reference page all come from these lists; what is not here is a fault.
"""

from dataclasses import dataclass
from enum import StrEnum

from sekisho.terms import ColumnType, Method

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
    required: bool = False
    choices: tuple[str, ...] = ()
    keys: tuple["Key", ...] = ()
    """Of a table, or of each table of an array."""
    default: str = ""
    least: int = 0
    most: int | None = None
    """Bounds of an integer, or of how many a list holds."""


def _required(name: str, kind: Kind, **more: object) -> Key:
    return Key(name, kind, required=True, **more)  # type: ignore[arg-type]


_HEAD = (
    _required("schema", Kind.INTEGER, least=SCHEMA, most=SCHEMA),
    _required("id", Kind.ID),
    _required("title", Kind.BOTH),
)

_CONSTRAINTS = (
    Key("required", Kind.BOOLEAN, default="false"),
    Key("enum", Kind.SCALARS, least=1, most=2000),
    Key("minimum", Kind.SCALAR),
    Key("maximum", Kind.SCALAR),
    Key("pattern", Kind.PATTERN),
)

_COLUMN = (
    _required("name", Kind.NAME),
    _required("type", Kind.CHOICE, choices=tuple(ColumnType)),
    _required("title", Kind.BOTH),
    Key("description", Kind.BOTH),
    Key("constraints", Kind.TABLE, keys=_CONSTRAINTS),
    Key(
        "sekisho",
        Kind.TABLE,
        keys=(
            Key(
                "sensitivity",
                Kind.CHOICE,
                choices=("public", "confidential", "identifying"),
                default="confidential",
            ),
            Key("unit_of_measure", Kind.STRING),
            Key("decimals", Kind.INTEGER, least=0, most=9, default="0"),
        ),
    ),
)

PROGRAMME = (
    *_HEAD,
    _required("description", Kind.BOTH),
    _required("purpose", Kind.STRING),
    _required("legal_basis", Kind.BOTH),
    _required("steward", Kind.ID),
    _required("recipients", Kind.IDS, least=1, most=200),
    _required("jurisdictions", Kind.STRINGS, least=1, most=200),
)

DATASET = (
    *_HEAD,
    _required("description", Kind.BOTH),
    Key("primary_key", Kind.NAMES, most=20),
    Key("licence", Kind.STRING),
    Key("source", Kind.STRING),
    Key("sample", Kind.STRING),
    _required(
        "sekisho",
        Kind.TABLE,
        keys=(
            _required("method", Kind.CHOICE, choices=tuple(Method)),
            Key("contributor", Kind.NAME),
            Key("holding", Kind.NAME),
            Key("privacy_unit", Kind.NAME),
            Key("missing_unit", Kind.CHOICE, choices=("refuse", "exclude"), default="refuse"),
            Key("holder", Kind.ID),
            Key(
                "not_contributors",
                Kind.TABLES,
                most=100,
                keys=(_required("value", Kind.STRING), _required("reason", Kind.BOTH)),
            ),
            Key(
                "budget",
                Kind.TABLE,
                keys=(
                    _required("epsilon", Kind.DECIMAL),
                    _required("delta", Kind.DECIMAL),
                    _required("period", Kind.CHOICE, choices=("month", "year", "once")),
                    Key("measure", Kind.CHOICE, choices=("gaussian", "pure"), default="gaussian"),
                ),
            ),
        ),
    ),
    _required("columns", Kind.TABLES, keys=_COLUMN, least=1, most=500),
)

LOOKUP = (
    *_HEAD,
    _required("key", Kind.NAME),
    _required("licence", Kind.STRING),
    _required("source", Kind.STRING),
    _required("columns", Kind.TABLES, keys=_COLUMN, least=2, most=100),
)

SENSITIVITY_RULES = ("minimum-frequency", "p-percent", "dominance", "prior-posterior")

RELEASE = (
    *_HEAD,
    _required("description", Kind.BOTH),
    _required("method", Kind.CHOICE, choices=tuple(Method)),
    _required(
        "measure",
        Kind.TABLE,
        keys=(
            _required("column", Kind.NAME),
            _required("title", Kind.BOTH),
            _required("unit_of_measure", Kind.BOTH),
        ),
    ),
    _required(
        "dimensions",
        Kind.TABLES,
        least=1,
        most=8,
        keys=(
            _required("id", Kind.ID),
            _required("title", Kind.BOTH),
            _required("total", Kind.BOTH),
            _required(
                "levels",
                Kind.TABLES,
                least=1,
                most=12,
                keys=(_required("column", Kind.NAME), _required("title", Kind.BOTH)),
            ),
        ),
    ),
    Key("sensitivity_rules", Kind.STRINGS, least=1, most=4, default="minimum-frequency"),
    Key("minimum_frequency", Kind.INTEGER, least=2, most=1000, default="3"),
    Key("cost", Kind.CHOICE, choices=("count", "value"), default="value"),
    Key("attackers", Kind.CHOICE, choices=("outside", "contributors"), default="contributors"),
    Key("links", Kind.IDS, most=100),
    Key("must_publish", Kind.ROWS, most=1000),
    Key("labels", Kind.LABELS),
    Key(
        "label_sources",
        Kind.TABLES,
        most=20,
        keys=(
            _required("column", Kind.NAME),
            _required("lookup", Kind.ID),
            _required("value", Kind.NAME),
            _required("en", Kind.NAME),
            _required("ja", Kind.NAME),
        ),
    ),
)

FILES: dict[str, tuple[Key, ...]] = {
    "programme.toml": PROGRAMME,
    "datasets/*.toml": DATASET,
    "lookups/*.toml": LOOKUP,
    "releases/*.toml": RELEASE,
}
"""Kind of file -> the keys that it may hold."""

SECRET_PARAMETERS = frozenset(
    {"p", "n", "k", "q", "pq", "p_percent", "percent", "dominance", "dominance_n", "dominance_k"}
    | {"prior", "posterior", "p-percent", "prior-posterior", "threshold_percent"}
)
"""Names under which people would write the parameters that only the data holder may know."""


def keys_of(path: str) -> tuple[Key, ...] | None:
    """The vocabulary of a file of a programme folder; None when the file is not a declaration."""
    folder, _, _ = path.rpartition("/")
    return FILES.get(f"{folder}/*.toml" if folder else path)
