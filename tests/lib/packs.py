"""Flows built from the packs' own conditions, and copies of the packs to break."""

import shutil
from collections.abc import Iterator
from importlib import resources
from itertools import product
from pathlib import Path

from sekisho.rules.conditions import Atom
from sekisho.rules.packs import PackRule, installed
from tests.lib.flows import DAY, PURPOSES

GROUND = {
    "sender.jurisdiction": ("JP", "EU", "KR", "US"),
    "recipient.jurisdiction": ("US", "KR", "JP", "EU"),
    "sender.kind": ("business-operator", "public-body", "hospital", "researcher"),
    "recipient.kind": ("business-operator", "public-body", "hospital", "researcher"),
    "data.identifiability": ("personal", "pseudonymised", "anonymised"),
    "purpose": ("dpv:Marketing", *PURPOSES),
}


def copy_of_packs(tmp_path: Path) -> Path:
    """The shipped packs in a folder of their own."""
    folder = tmp_path / "packs"
    shutil.copytree(str(resources.files("sekisho.rules") / "packs"), folder)
    return folder


def flow_for(atoms: frozenset[Atom]) -> dict[str, object] | None:
    """A flow for which these comparisons hold and that helps itself no further; None if none."""
    flow: dict[str, object] = {"date": DAY, "data.categories": ("ordinary",), "data.persons": 1}
    kinds = installed().vocabulary.facts
    flow |= {name: not kind.opens for name, kind in kinds.items()}
    for path, options in GROUND.items():
        ours = [a for a in atoms if a.path == path]
        fitting = [o for o in options if all((o in a.values) == a.wanted for a in ours)]
        if not fitting:
            return None
        flow[path] = fitting[0]
    for atom in atoms:
        if atom.test == "any" and atom.wanted:
            flow["data.categories"] = (*flow["data.categories"], atom.values[0])
        if atom.test == "over" and atom.wanted:
            flow["data.persons"] = max(flow["data.persons"], int(atom.values[0]) + 1)
        if atom.path in kinds:
            flow[atom.path] = atom.wanted
    return flow if all(_holds(atom, flow) for atom in atoms) else None


def _holds(atom: Atom, flow: dict[str, object]) -> bool:
    return atom.holds(flow)


def _pairs() -> Iterator[tuple[PackRule, PackRule]]:
    for pack in installed().packs.values():
        by_id = {rule.cited.id: rule for rule in pack.rules}
        for rule in pack.rules:
            for gate in rule.condition.gateways:
                yield rule, by_id[gate]


def gateway_flows() -> Iterator[tuple[str, dict[str, object]]]:
    """For each requirement and gateway: the flow that it just opens, and each a fact short."""
    seen = set()
    for requirement, gateway in _pairs():
        for applies, opens in product(requirement.condition.ways[:6], gateway.condition.ways):
            flow = flow_for(applies | opens)
            if flow is None:
                continue
            short = [flow | {a.path: not a.wanted} for a in opens if a.values == (True,)]
            for each in (flow, *short):
                key = repr(sorted(each.items(), key=lambda item: item[0]))
                if key not in seen:
                    seen.add(key)
                    yield gateway.cited.id, each
