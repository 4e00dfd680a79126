"""Writes every generated page of the reference anew: `make docs`."""

import os
import subprocess
import sys
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
PAGES = {
    "sekisho.cli.pages": REFERENCE,
    "sekisho.gate.records.pages": REFERENCE / "records.md",
    "sekisho.programmes.pages": REFERENCE / "programme-folder.md",
    "sekisho.rules.pages": REFERENCE / "rules",
    "sekisho.tlog.pages": REFERENCE / "entries.md",
}


def main() -> None:
    """Run each room's own generator."""
    for module, target in PAGES.items():
        command = [sys.executable, "-m", module, str(target)]
        subprocess.run(command, check=True, env={**os.environ, "LANG": "C", "LC_ALL": "C"})
        print(f"{module} -> {target.relative_to(REFERENCE.parent)}")


if __name__ == "__main__":
    main()
