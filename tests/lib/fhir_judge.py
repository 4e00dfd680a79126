"""Lantana's npm package `fhir` 4.12.0 as a judge of FHIR R4, where Node and it are at hand."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = Path(os.environ.get("SEKISHO_NODE_MODULES", ROOT / "node_modules"))


def judged(named):
    """What the npm package says of each tree, by name."""
    package = MODULES / "fhir"
    if not shutil.which("node") or not package.is_dir():
        reason = f"no node, or no package `fhir` in {MODULES.name}; npm install fhir@4.12.0 there"
        if os.environ.get("SEKISHO_SLOW_JUDGES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        ["node", str(ROOT / "tests" / "lib" / "fhir_judge.cjs"), str(package)],
        input=json.dumps(named),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    return dict(json.loads(done.stdout))
