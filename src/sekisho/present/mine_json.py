"""The subject's view for programs: both languages, plain values, nothing left out."""

from typing import Any

from sekisho.lanes.record.consent import plain_scope
from sekisho.model.actor import Participant
from sekisho.model.decision import CitedRule
from sekisho.model.mine import Mine, MyConsent, MyTransfer
from sekisho.model.record_flow import RecordCategory
from sekisho.model.text import Text
from sekisho.model.transfer import Recall

SCHEMA = 1


def mine_json(mine: Mine) -> dict[str, Any]:
    """Everything about the subject as values of JSON."""
    return {
        "schema": SCHEMA,
        "subject": mine.subject,
        "holder": _party(mine.holder),
        "at": mine.at.isoformat(),
        "log": mine.log,
        "consents": [_consent(each) for each in mine.consents],
        "transfers": [_transfer(each) for each in mine.transfers],
        "entries": [
            {
                "index": each.index,
                "kind": each.kind,
                "on": each.on.isoformat(),
                **({"receipt": each.receipt} if each.receipt else {}),
            }
            for each in mine.entries
        ],
    }


def _both(words: Text) -> dict[str, str]:
    return {"en": words.en, "ja": words.ja}


def _party(party: Participant) -> dict[str, Any]:
    return {"id": party.id, "name": _both(party.name), "jurisdiction": party.jurisdiction}


def _category(category: RecordCategory) -> dict[str, Any]:
    return {"id": category.id, "title": _both(category.title)}


def _rule(rule: CitedRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "citation": _both(rule.citation),
        "text": _both(rule.text),
        "jurisdiction": rule.jurisdiction,
        "weight": rule.weight.value,
    }


def _consent(mine: MyConsent) -> dict[str, Any]:
    consent, shown = mine.consent, mine.consent.expression
    return {
        "id": consent.id,
        "programme": consent.programme,
        "flow": consent.flow,
        "title": _both(mine.title),
        "purpose": _both(mine.purpose),
        "state": mine.state.value,
        "scope": plain_scope(consent.scope),
        "categories": [_category(each) for each in mine.categories],
        "recipients": [_party(each) for each in mine.recipients],
        "valid_from": consent.valid_from.isoformat() if consent.valid_from else None,
        "valid_until": consent.valid_until.isoformat() if consent.valid_until else None,
        "expression": {
            "method": shown.method.value,
            "by": shown.by,
            "notice": shown.notice,
            "notice_digest": shown.notice_digest,
            "language": shown.language.value,
        }
        if shown
        else None,
        "events": [
            {"kind": each.kind.value, "at": each.at.isoformat(), "index": each.index}
            for each in consent.events
        ],
        "can": list(mine.can),
    }


def _transfer(mine: MyTransfer) -> dict[str, Any]:
    transfer = mine.transfer
    return {
        "id": transfer.id,
        "consent": transfer.consent,
        "title": _both(mine.title),
        "sender": _party(mine.sender),
        "recipient": _party(mine.recipient),
        "state": transfer.state.value,
        "purpose": transfer.purpose,
        "categories": [_category(each) for each in mine.categories],
        "outcome": mine.outcome.value if mine.outcome else None,
        "articles": [_rule(each) for each in mine.articles],
        "duties": [
            {
                "id": each.id,
                "rule": each.rule.id,
                "text": _both(each.text),
                "due": each.due.isoformat() if each.due else None,
                "every_months": each.every_months,
                "state": _state(mine, each.id),
            }
            for each in mine.duties
        ],
        "ways": [
            [{"fact": each.fact, "to": each.to, "ask": _both(each.ask)} for each in way]
            for way in mine.ways
        ],
        "left_out": [{"what": each.what, "reason": each.reason} for each in transfer.left_out],
        "events": [
            {"kind": each.kind.value, "at": each.at.isoformat(), "index": each.index}
            for each in transfer.events
        ],
        "fetched": [each.at.isoformat() for each in transfer.pick_ups],
        "delete_by": transfer.delete_by.isoformat() if transfer.delete_by else None,
        "recalls": [_recall(each) for each in mine.recalls],
        "can": list(mine.can),
    }


def _state(mine: MyTransfer, duty: str) -> str | None:
    known = mine.standing.get(duty)
    return known.state.value if known is not None else None


def _recall(recall: Recall) -> dict[str, Any]:
    done = recall.acknowledged_at
    return {
        "kind": recall.kind.value,
        "sent_at": recall.sent_at.isoformat(),
        "acknowledged_at": done.isoformat() if done else None,
        "answer": recall.answer or None,
    }
