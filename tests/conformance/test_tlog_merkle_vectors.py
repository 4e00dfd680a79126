"""The Merkle vectors of transparency-dev, edge cases included."""

import base64
import json
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from sekisho.tlog.merkle import (
    proves_consistency,
    proves_inclusion,
    proves_subtree_consistency,
    proves_subtree_inclusion,
)

VECTORS = Path(__file__).parent / "vectors" / "tlog" / "testdata"
CASES = sorted(VECTORS.rglob("*.json"))


def _answer(kind: str, case: dict) -> bool:
    proof = [base64.b64decode(step) for step in case["proof"] or []]
    read = {
        name: base64.b64decode(case.get(name) or "")
        for name in ("root", "leafHash", "root1", "root2")
    }
    answers = {
        "inclusion": partial(
            proves_inclusion,
            read["leafHash"],
            case.get("leafIdx", 0),
            case.get("treeSize", 0),
            proof,
            read["root"],
        ),
        "subtreeinclusion": partial(
            proves_subtree_inclusion,
            read["leafHash"],
            case.get("leafIdx", 0),
            (case.get("start", 0), case.get("end", 0)),
            proof,
            read["root"],
        ),
        "consistency": partial(
            proves_consistency,
            case.get("size1", 0),
            case.get("size2", 0),
            proof,
            read["root1"],
            read["root2"],
        ),
        "subtreeconsistency": partial(
            proves_subtree_consistency,
            (case.get("start", 0), case.get("end", 0)),
            case.get("size", 0),
            proof,
            read["root1"],
            read["root2"],
        ),
    }
    return answers[kind]()


def test_all_published_cases_are_here():
    counted = Counter(file.relative_to(VECTORS).parts[0] for file in CASES)
    assert counted == {
        "inclusion": 98,
        "consistency": 98,
        "subtreeconsistency": 118,
        "subtreeinclusion": 204,
    }


@pytest.mark.parametrize(
    "kind", ["inclusion", "consistency", "subtreeconsistency", "subtreeinclusion"]
)
def test_every_published_case_gets_the_published_answer(kind: str):
    wrong = []
    for file in (VECTORS / kind).rglob("*.json"):
        case = json.loads(file.read_text(encoding="utf-8"))
        if _answer(kind, case) is bool(case["wantErr"]):
            wrong.append(file.relative_to(VECTORS).as_posix())
    assert wrong == []
