"""The only door to Cedar: text to policies, policies to an answer; no decision is made here.

Cedar skips a policy whose condition errs, so without a schema a missing fact can turn a refusal
into a permission. Every question here takes a schema, and the answer carries every error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import cedarpy

Policy = Mapping[str, object]
"""One policy in Cedar's JSON form."""

_NO_ENTITIES = cedarpy.Entities.from_json_str("[]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Cedar said: `Allow`, `Deny` or `NoDecision`, the policies that decided, errors."""

    word: str
    reasons: frozenset[str]
    errors: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether it said Allow and nothing erred; all else is a refusal."""
        return self.word == "Allow" and not self.errors


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Parsed policies and the schema against which every question to them is checked."""

    policies: object
    schema: object
    size: int
    written: str
    """The policies as Cedar's JSON, for another engine."""
    schema_written: str


class NotCedar(ValueError):  # noqa: N818 - read by callers as a finding
    """Text that is not one Cedar policy; the message is Cedar's."""


def parse_policy(text: str) -> Policy:
    """One policy from its text.

    Raises: NotCedar when the text is no policy, a template, or more than one.
    """
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise NotCedar(str(error)) from error
    found = list(parsed["staticPolicies"].values())
    if parsed["templates"] or len(found) != 1:
        raise NotCedar("one rule without slots is expected")
    policy: Policy = found[0]
    return policy


def build(policies: Mapping[str, Policy], schema: str) -> PolicySet:
    """Policies under our own ids, ready to be asked.

    Raises: NotCedar when Cedar takes a policy or the schema for ill-formed.
    """
    document = {"staticPolicies": dict(policies), "templates": {}, "templateLinks": []}
    written = json.dumps(document)
    try:
        return PolicySet(
            cedarpy.PolicySet.from_json_str(written),
            cedarpy.Schema.from_str(schema),
            len(policies),
            written,
            schema,
        )
    except ValueError as error:
        raise NotCedar(str(error)) from error


def validate(text: str, schema: str) -> list[str]:
    """What Cedar's validator holds against one policy, in its words."""
    return [each.error for each in cedarpy.validate_policies(text, schema).errors]


def ask(
    policies: PolicySet, action: str, context: Mapping[str, object], parties: tuple[str, str]
) -> Answer:
    """Ask whether a recipient (first of `parties`) may have some data (second)."""
    recipient, data = parties
    request = {
        "principal": {"type": "Party", "id": recipient},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Data", "id": data},
        "context": context,
    }
    result = cedarpy.is_authorized(request, policies.policies, _NO_ENTITIES, policies.schema)
    return Answer(
        word=str(result.decision.value),
        reasons=frozenset(result.diagnostics.reasons),
        errors=tuple(str(each) for each in result.diagnostics.errors),
    )
