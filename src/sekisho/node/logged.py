"""What a node says of its own log: proofs, receipts, the check of everything that left."""

from abc import ABC, abstractmethod
from pathlib import Path

from sekisho.gate.findings import Findings, Proof, check_proof, verify_folder
from sekisho.gate.house import House
from sekisho.gate.logbook import LogBook
from sekisho.node.witnessing import Witnessing
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.settings import Settings
from sekisho.tlog.receipt_page import FILE_NAME, receipt_page, receipt_page_digest
from sekisho.wiring import log_book, verifiers_of


class Logged(ABC):
    """The part of a node that strangers check."""

    def __init__(self, house: House, settings: Settings) -> None:
        self._house = house
        self._settings = settings

    @abstractmethod
    def release_folder(self, release_id: str) -> Path:
        """Where the files of a release lie; NotFound when it is not handed out."""

    @abstractmethod
    def _permit(self, action: Action) -> None: ...

    @property
    def folder(self) -> Path:
        """The node's folder."""
        return self._house.folder.root

    def proof(self, release_id: str) -> Proof:
        """Whether a release stands in the log and who has witnessed it, checked now."""
        folder = self.release_folder(release_id)
        notices = self._house.store.calendar.notices(release=release_id)
        gone = any(each.taken_down for each in notices)
        found = check_proof(folder, verifiers_of(self.folder), taken_down=gone)
        return self.log_book.witnessed(found)

    def write_receipt(self, release_id: str, file: Path) -> Path:
        """Write the receipt of a release: a proof file that anyone can check offline, for ever."""
        return _write_anew(file, self.log_book.receipt(self.proof(release_id).index).encode())

    def write_receipt_page(self, folder: Path) -> tuple[Path, str]:
        """Write the page that checks receipts in any browser; the file, and its SHA-256."""
        return _write_anew(folder / FILE_NAME, receipt_page()), receipt_page_digest()

    def verify(self, watch: Watch | None = None) -> Findings:
        """Check the whole log and every release against it."""
        self._permit(Action.LOG_VERIFY)
        folder = self.folder
        return verify_folder(
            self._house.storage, folder / "releases", verifiers_of(folder), watch or Watch()
        )

    @property
    def verifier_key(self) -> str:
        """The public key that verifies the node's log, as text."""
        return verifiers_of(self.folder)[0].vkey

    @property
    def log_folder(self) -> Path:
        """The log's static files, which anyone may read."""
        return self._house.folder.log

    @property
    def log_book(self) -> LogBook:
        """The log as people read it: entries, each proved, and who has witnessed them."""
        return log_book(self.folder, self._settings)

    def witnessing(self) -> Witnessing:
        """Asks the witnesses of the settings as long as its `with` block runs."""
        return Witnessing(self.log_book, 60 * self._settings.witness_minutes)


def _write_anew(file: Path, data: bytes) -> Path:
    """Write a file whole, over an older one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.part")
    aside.write_bytes(data)
    aside.replace(file)
    return file
