"""One pack folder while it is read: its texts, its values, and every fault with its line."""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources.abc import Traversable

from sekisho.errors import Fault, Place
from sekisho.model.text import Text

FILES = ("pack.toml", "rules.toml", "rules.cedar", "examples.toml")

Table = Mapping[str, object]


class PackFolder:
    """One pack folder being read; keeps every fault."""

    def __init__(self, folder: Traversable, name: str, required: tuple[str, ...] = FILES) -> None:
        self.folder = folder
        self.name = name
        self.faults: list[Fault] = []
        self.texts: dict[str, str] = {}
        for file in dict.fromkeys((*required, "facts.toml")):
            found = folder / file
            data = found.read_bytes() if found.is_file() else b""
            self.texts[file] = data.decode("utf-8", errors="replace")
            if "\ufffd" in self.texts[file]:
                self.fault("rules.not-utf8", file, "\ufffd")
            if file in required and not found.is_file():
                self.fault("rules.pack-file-missing", file, name=file)

    def fault(self, code: str, file: str, near: str = "", **fields: object) -> None:
        """Keep a fault, with the line where `near` stands."""
        lines = self.texts[file].splitlines() if near else []
        line = next((n for n, text in enumerate(lines, 1) if near in text), None)
        self.faults.append(Fault(code, fields, Place(f"{self.name}/{file}", line)))

    def toml(self, file: str) -> Table:
        """A file's values; a fault, and nothing, when it is not TOML."""
        try:
            return tomllib.loads(self.texts[file])
        except tomllib.TOMLDecodeError as error:
            self.fault("rules.not-toml", file, why=str(error))
            return {}

    def digest(self) -> str:
        """SHA-256 over every file of the folder, hexadecimal."""
        hasher = hashlib.sha256()
        for file, text in sorted(self.texts.items()):
            hasher.update(f"{file}\0{len(text)}\0{text}".encode())
        return hasher.hexdigest()

    def get(self, table: Table, key: str, kind: type, owner: str, file: str) -> object:
        """A value of a table; a fault when it is missing or of another kind."""
        value = table.get(key)
        if not isinstance(value, kind) or value == "":
            self.fault("rules.field", file, owner, owner=owner, field=key)
            return kind() if kind is not date else date.min
        return value

    def both(self, table: Table, key: str, owner: str, file: str) -> Text:
        """A text in both languages."""
        value = table.get(key)
        if isinstance(value, dict) and all(
            isinstance(value.get(each), str) and value[each] for each in ("en", "ja")
        ):
            return Text(value["en"], value["ja"])
        self.fault("rules.field-both", file, owner, owner=owner, field=key)
        return Text("", "")
