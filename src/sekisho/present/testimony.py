"""Who has witnessed an entry, and how witnesses answered: as objects for programs."""

from sekisho.terms import Language
from sekisho.tlog.testimony import Asked, Testimony


def testimony_about(testimony: Testimony) -> dict[str, object]:
    """A witness's word: name, public key, when it cosigned, how many entries."""
    return {
        "name": testimony.name,
        "key": testimony.witness.vkey,
        "cosigned_at": testimony.at.isoformat(),
        "size": testimony.checkpoint.size,
    }


def asked_about(asked: Asked, language: Language) -> dict[str, object]:
    """How a witness answered last; `fault` is None when it cosigned."""
    return {
        "name": asked.name,
        "asked_at": asked.at.isoformat(),
        "size": asked.size,
        "saw_another_history": asked.refused,
        "fault": asked.fault.sentence(language) if asked.fault else None,
    }
