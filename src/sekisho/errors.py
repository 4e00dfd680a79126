"""Every deliberate error, with its exit code and HTTP status.

An error carries faults: code and fields, never a ready sentence, never a value from the data, an
identifier or a secret parameter. `text/` turns them into sentences in two languages.

    SekishoError
      UsageError          a call that cannot be understood
      ProgrammeError      faults in a programme folder
      DeliveryError       faults in data that somebody brings
      QueryError          SQL that is broken or cannot be proved safe
      Refused             a rule or a lane closed the way
        NotPermitted      the actor may not do this
      NotFound            no such thing, or not for this actor
      Conflict            another call came first, or the state forbids it
      StorageError        disk full, file missing, folder not ours
      TamperedError       something differs from what the log or a hash says
      CancelledError      somebody stopped the work
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sekisho.terms import Language
from sekisho.text import sentence


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a fault stands; line and column count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a code of `text/`, its fields, and where it stands."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)
    place: Place | None = None

    def sentence(self, language: Language = Language.EN) -> str:
        """The fault as one sentence: where, what, how to go on."""
        said = sentence(self.code, self.fields, language)
        return f"{self.place}: {said}" if self.place else said


def fault(code: str, place: Place | None = None, **fields: object) -> Fault:
    """A fault from its code and fields."""
    return Fault(code, fields, place)


class SekishoError(Exception):
    """Base of every deliberate error; holds one fault or more."""

    exit_code = 1
    http_status = 500

    def __init__(self, *faults: Fault) -> None:
        if not faults:
            raise ValueError("an error needs a fault")
        super().__init__(*faults)
        self.faults = faults

    def sentences(self, language: Language = Language.EN) -> list[str]:
        """One sentence a fault, in the order found."""
        return [each.sentence(language) for each in self.faults]

    def __str__(self) -> str:
        return "\n".join(self.sentences())


class UsageError(SekishoError):
    """A call that cannot be understood."""

    exit_code = 2
    http_status = 400


class ProgrammeError(SekishoError):
    """Faults in a programme folder."""

    exit_code = 3
    http_status = 422


class DeliveryError(SekishoError):
    """Faults in data that somebody brings."""

    exit_code = 4
    http_status = 422


class QueryError(SekishoError):
    """SQL that is broken or cannot be proved safe."""

    exit_code = 5
    http_status = 422


class Refused(SekishoError):  # noqa: N818 - a refusal is an answer, not a mistake
    """A rule or a lane closed the way; the faults say which and what would open it."""

    exit_code = 6
    http_status = 403


class NotPermitted(Refused):
    """The actor may not do this."""

    exit_code = 7
    http_status = 403


class NotFound(SekishoError):  # noqa: N818 - the name HTTP knows
    """No such thing, or not for this actor: both read the same."""

    exit_code = 8
    http_status = 404


class Conflict(SekishoError):  # noqa: N818 - the name HTTP knows
    """Another call came first, or the state forbids it."""

    exit_code = 9
    http_status = 409


class StorageError(SekishoError):
    """Disk full, file missing, or a folder that is not a node."""

    exit_code = 10
    http_status = 507


class TamperedError(SekishoError):
    """Something differs from what the log or a hash says."""

    exit_code = 11
    http_status = 500


class CancelledError(SekishoError):
    """Somebody stopped the work; nothing was changed."""

    exit_code = 130
    http_status = 409


def raise_all(kind: type[SekishoError], faults: Iterable[Fault]) -> None:
    """Raise one error that holds every fault, or nothing when there is none."""
    found = tuple(faults)
    if found:
        raise kind(*found)
