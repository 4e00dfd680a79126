"""Cedar's own WebAssembly build gives the same answers as the engine that decides.

Needs Node and the npm package `@cedar-policy/cedar-wasm` 4, in `node_modules` of the checkout or
of the folder that SEKISHO_NODE_MODULES names.
"""

import json
import os
import random
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from sekisho.rules.cedar import ask
from sekisho.rules.compiled import compiled
from sekisho.rules.known import values
from sekisho.rules.packs import installed
from sekisho.rules.vocabulary import nested
from tests.lib.flows import DAY, LAW_ALONE, PLACES, facts_of, random_flow

ROOT = Path(__file__).resolve().parents[2]
JUDGES_MUST_RUN = os.environ.get("SEKISHO_SLOW_JUDGES") == "1"


def _package():
    folder = Path(os.environ.get("SEKISHO_NODE_MODULES", ROOT / "node_modules"))
    package = folder / "@cedar-policy" / "cedar-wasm" / "nodejs"
    if shutil.which("node") and package.is_dir():
        return package
    reason = f"no node, or no @cedar-policy/cedar-wasm in {folder.name}; npm install it there"
    if JUDGES_MUST_RUN:
        pytest.fail(reason)
    pytest.skip(reason)


def _questions():
    """Policy sets, and questions to them with the answer that decides; some with a fact missing."""
    packs, sets, questions, answers = installed(), {}, [], []
    for places in product(PLACES, PLACES):
        chance = random.Random(f"wasm {places}")
        rules = compiled(packs, places, DAY, LAW_ALONE, person=True)
        written = rules.policies
        sets["-".join(places)] = {
            "policies": json.loads(written.written),
            "schema": written.schema_written,
        }
        for n in range(60):
            found = values(facts_of(random_flow(chance, places)), packs, DAY, rules.paths)
            asked = {path: found[path] for path in sorted(rules.paths)}
            if n % 6 == 5 and asked:
                del asked[chance.choice(sorted(asked))]
            context = nested(asked)
            answers.append(ask(rules.policies, "transfer", context, ("r", "d")))
            questions.append(
                {
                    "set": "-".join(places),
                    "principal": {"type": "Party", "id": "r"},
                    "action": {"type": "Action", "id": "transfer"},
                    "resource": {"type": "Data", "id": "d"},
                    "context": context,
                }
            )
    return sets, questions, answers


@pytest.mark.slow
def test_a_second_engine_gives_the_same_decisions_for_the_same_reasons():
    package = _package()
    sets, questions, answers = _questions()
    done = subprocess.run(
        ["node", str(ROOT / "tests" / "lib" / "cedar_wasm.cjs"), str(package)],
        input=json.dumps({"sets": sets, "questions": questions}),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    other = json.loads(done.stdout)
    assert len(other) == len(answers) == 960
    words = {"allow": "Allow", "deny": "Deny", "none": "NoDecision"}
    for ours, theirs in zip(answers, other, strict=True):
        assert words[theirs["decision"]] == ours.word
        assert set(theirs["reason"]) == ours.reasons
    assert {each.word for each in answers} == {"Allow", "Deny", "NoDecision"}
