"""What a key of a declaration may hold: the pieces that the vocabulary is written with."""

from dataclasses import dataclass
from enum import StrEnum

SCHEMA = 1


class Kind(StrEnum):
    """What a value is."""

    STRING = "string"
    ID = "id"
    NAME = "name"
    BOTH = "text in both languages"
    INTEGER = "integer"
    LIMIT = "integer or word"
    DECIMAL = "decimal number as a string"
    LENGTH = "decimal number as a string, or word"
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
    VALUES = "table of columns, each a value"
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


def required(name: str, kind: Kind, means: str, **more: object) -> Key:
    """A key that a table must hold."""
    return Key(name, kind, means, required=True, **more)  # type: ignore[arg-type]


HEAD = (
    required(
        "schema", Kind.INTEGER, "version of this vocabulary", least=SCHEMA, most=SCHEMA, default="1"
    ),
    required("id", Kind.ID, "the file's name without `.toml`"),
    required("title", Kind.BOTH, "what people read as its name"),
)
"""How every declaration begins."""
