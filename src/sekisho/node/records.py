"""The record lane as a notebook, the command line and the web call it: `node.records`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sekisho.errors import NotFound, SekishoError, fault
from sekisho.gate import members
from sekisho.gate.house import Call, House
from sekisho.gate.logbook import LogBook
from sekisho.gate.records import (
    batches,
    consents,
    offers,
    on_file,
    opening,
    own_keys,
    pick_up,
    recalls,
    receipts,
    requests,
    subjects,
    sweep,
)
from sekisho.gate.records.collect import Collected, Remote, collect
from sekisho.gate.records.consents import Agreed, ConsentRequest
from sekisho.gate.records.mine import READ, mine
from sekisho.gate.records.notices import notice_of
from sekisho.gate.records.offers import Offering
from sekisho.gate.records.opening import Slip
from sekisho.gate.records.pick_up import PickedUp
from sekisho.gate.records.recalls import Erasure
from sekisho.gate.records.requests import TransferRequest
from sekisho.gate.records.standing import (
    Standing,
    by_holder,
    by_key,
    by_secret,
    challenge_for_subject,
    demand_act,
)
from sekisho.lanes.record.consent import consent_text
from sekisho.lanes.record.proofs import Act, PickUpProof, pick_up_text
from sekisho.model.actor import RegisteredKey
from sekisho.model.consent import Consent, Scope, Subject
from sekisho.model.dossier import FactOnFile
from sekisho.model.mine import Mine
from sekisho.model.record_flow import ExpressedBy, Notice
from sekisho.model.transfer import Recall, Transfer
from sekisho.node.consent_papers import Form, consent_paper
from sekisho.node.sweeping import EVERY_S, Sweeping
from sekisho.people import Action, demand, read_public_key, registered_key
from sekisho.ports import Watch
from sekisho.stores.http_transfers import HttpTransfers, http_transfers
from sekisho.terms import Language
from sekisho.tlog import keys
from sekisho.wiring import own_memory, verifiers_of


class Records:
    """The record lane of one node, on behalf of one actor."""

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def _house(self) -> House:
        return self._call.house

    # -- subjects -----------------------------------------------------------------------------

    def register_subject(
        self, address: str | None = None, public_key: str | None = None
    ) -> Subject:
        """Take in a person or firm whom the actor's participant has identified.

        Its secret is for the subject; hand it over once. `address` says where the subject stands
        in the holder's records (`Patient/17`) and is kept as a hash alone.
        """
        return subjects.register_subject(self._call, address, public_key)

    def identify_anew(
        self, subject_id: str, address: str | None = None, public_key: str | None = None
    ) -> Subject:
        """Another secret for a subject who lost theirs, once the holder has identified them."""
        return subjects.identify_anew(self._call, subject_id, address, public_key)

    def subjects(self) -> list[Subject]:
        """The subjects of the actor's participant, oldest first, without their secrets."""
        mine = self._call.actor.participant
        demand(self._call.actor, Action.SUBJECT_ACT, of=(mine,))
        found = self._house.store.records.subjects(mine)
        return [replace(each, secret=None, former=(), record_mark=None) for each in found]

    def for_subject(self, subject_id: str) -> "ForSubject":
        """Act for a subject whom the actor's participant knows; NotFound for any other."""
        return ForSubject(self._house, by_holder(self._call, subject_id))

    def by_secret(self, secret: str) -> "ForSubject":
        """Act for whom this secret belongs to; NotFound when it belongs to nobody."""
        return ForSubject(self._house, by_secret(self._house, secret))

    def challenge_subject(self, subject_id: str) -> str:
        """A challenge that a subject signs to act by key; any id gets one."""
        return challenge_for_subject(self._house, subject_id)

    def by_key(self, subject_id: str, challenge: str, signature: str, act: Act) -> "ForSubject":
        """Do one act for a subject who signed it with their key (`act_text`), over a challenge."""
        standing = by_key(self._house, subject_id, challenge, signature, act)
        return ForSubject(self._house, standing)

    # -- consents -----------------------------------------------------------------------------

    def notice(
        self,
        programme: str,
        flow: str,
        language: Language,
        by: ExpressedBy = "self",
        notice_id: str | None = None,
    ) -> tuple[Notice, str]:
        """What somebody reads before consenting, with the text; NotFound when there is none."""
        return notice_of(self._house, programme, flow, language, by, notice_id)

    def request_consent(self, asked: ConsentRequest) -> Consent:
        """Ask a subject for a consent; the same request id is the same consent.

        Raises: UsageError with every fault and contradiction.
        """
        return consents.request_consent(self._call, asked)

    def consent_text(self, consent_id: str, agreed: Agreed) -> bytes:
        """What a subject signs to give a consent by key.

        Raises: NotFound for a consent of another holder.
        """
        consent = self._own(consent_id)
        scope, said, until = agreed
        return consent_text(consent, scope, said, until)

    def consents(self) -> list[Consent]:
        """The consents that the actor's participant holds, oldest first."""
        mine = self._call.actor.participant
        demand(self._call.actor, Action.SUBJECT_ACT, of=(mine,))
        return self._house.store.records.consents(holder=mine)

    def consent(self, consent_id: str) -> Consent:
        """One consent that the actor's participant holds; NotFound for any other."""
        return self._own(consent_id)

    def _own(self, consent_id: str) -> Consent:
        mine = self._call.actor.participant
        demand(self._call.actor, Action.SUBJECT_ACT, of=(mine,))
        found = self._house.store.records.consent(consent_id)
        if found is None or found.holder != mine:
            raise NotFound(fault("records.no-consent"))
        return found

    def put_on_file(self, fact: FactOnFile) -> int:
        """Write that a fact holds between sender and recipient, with its source."""
        return on_file.put_on_file(self._call, fact)

    # -- transfers ----------------------------------------------------------------------------

    def request_transfer(self, asked: TransferRequest) -> Transfer:
        """Ask a holder for a record under a consent; the same request id is the same transfer."""
        return self._seen(requests.request_transfer(self._call, asked))

    def offer(self, offering: Offering, watch: Watch | None = None) -> Transfer:
        """Minimise, seal and offer a record; it waits until the recipient fetches it.

        Raises: Refused by the consent or the rules; DeliveryError with every fault of the record.
        """
        return offers.offer(self._call, offering, watch or Watch())

    def offer_all(
        self, offerings: Sequence[Offering], watch: Watch | None = None
    ) -> list[Transfer | SekishoError]:
        """Offer many records, far faster than one by one; each outcome is a transfer or its error.

        Every record has a decision, a sealed payload, a receipt and an entry of its own.
        """
        return batches.offer_all(self._call, offerings, watch or Watch())

    def challenge(self, transfer_id: str) -> str:
        """A challenge that the recipient answers to fetch; any id gets one."""
        return pick_up.challenge(self._call, transfer_id)

    def answer(self, origin: str, transfer_id: str, challenge: str, ticket: str) -> PickUpProof:
        """At the recipient's: the answer to another node's challenge, by the participant's key.

        `origin` is the origin line of that node's log; `ticket` 64 hexadecimal digits of one's own.
        """
        mine = self._call.actor.participant
        demand(self._call.actor, Action.TRANSFER_FETCH, of=(mine,))
        own = own_keys.signing_key(self._house, mine)
        text = pick_up_text(origin, transfer_id, mine, challenge, ticket)
        return PickUpProof(challenge, ticket, keys.signature(own.private, text).hex())

    def fetch(self, transfer_id: str, proof: PickUpProof, offset: int = 0) -> PickedUp:
        """A sealed payload, open to be read; its receipt is in the log. Close its file.

        `offset` is where reading will begin; one beyond the end counts as no fetch.
        """
        picked = pick_up.fetch(self._call, transfer_id, proof, offset)
        return replace(picked, transfer=self._seen(picked.transfer))

    def acknowledge(self, transfer_id: str, digest: str) -> Transfer:
        """The recipient says that what it received opened whole; the sealed copy vanishes."""
        return self._seen(pick_up.acknowledge(self._call, transfer_id, digest))

    @staticmethod
    def remote(url: str, token: str) -> HttpTransfers:
        """Another node's record lane, as the holder of a token sees it; https, or this machine."""
        return http_transfers(url, token)

    def collect(
        self,
        remote: Remote,
        origin: str,
        transfer_id: str,
        target: Path,
        watch: Watch | None = None,
    ) -> Collected:
        """At the recipient's: fetch from another node, open, acknowledge; again after a break.

        `origin` is the origin line of that node's log.
        """
        return collect(self._call, remote, origin, transfer_id, target, watch or Watch())

    def open_sealed(
        self, sealed: Path, slip: Slip, target: Path, key_file: Path | None = None
    ) -> None:
        """At the recipient's: open a sealed payload with its own private key, or write nothing."""
        opening.open_transfer(self._call, sealed, slip, target, key_file)

    def transfers(self) -> list[Transfer]:
        """The transfers that the actor's participant sends or receives, oldest first."""
        mine = self._call.actor.participant
        demand(self._call.actor, Action.TRANSFER_READ, of=(mine,))
        return [self._seen(each) for each in self._house.store.records.transfers(party=mine)]

    def transfer(self, transfer_id: str) -> Transfer:
        """One transfer of the actor's participant; NotFound for any other."""
        mine = self._call.actor.participant
        demand(self._call.actor, Action.TRANSFER_READ, of=(mine,))
        found = self._house.store.records.transfer(transfer_id)
        if found is None or mine not in (found.sender, found.recipient):
            raise NotFound(fault("records.no-transfer"))
        return self._seen(found)

    def _seen(self, transfer: Transfer) -> Transfer:
        """A transfer as the actor's participant sees it.

        What stayed behind tells what there is, so it is for the sender and the subject; the
        recipient knows by the consent and the flow what may have been left out.
        """
        own = self._call.actor.participant == transfer.sender
        return transfer if own else replace(transfer, left_out=())

    def receipt(self, transfer_id: str, kind: str) -> str:
        """The receipt of what became of a transfer (`offered`, `fetched`, `acknowledged` ...)."""
        return receipts.receipt_for_party(self._call, transfer_id, kind)

    def recalls(self) -> list[Recall]:
        """Notices to the actor's participant about what it received, oldest first."""
        return recalls.recalls_for(self._call)

    def acknowledge_recall(self, recall_id: str, answer: str) -> Recall:
        """What a past recipient did: `erased`, `kept-by-law`, `not-found` or `noted`."""
        return recalls.acknowledge_recall(self._call, recall_id, answer)

    # -- keys and time ------------------------------------------------------------------------

    def make_key(self, purpose: str, *, replace: bool = False) -> str:
        """A new private key of the actor's participant, mode 0600; its public key as PEM."""
        mine = self._call.actor.participant
        demand(self._call.actor, Action.KEY_ADD)
        return own_keys.make_key(self._house, mine, purpose, replace=replace)

    def new_key(self, purpose: str, *, replace: bool = False) -> tuple[str, RegisteredKey]:
        """The same, registered here at once; its public key goes to everyone one deals with."""
        public = self.make_key(purpose, replace=replace)
        raw, now = read_public_key(public, purpose), self._house.clock.now()
        key = registered_key(self._call.actor.participant, purpose, raw, now)
        members.add_key(self._call, key)
        return public, key

    def revoke_key(self, fingerprint: str) -> None:
        """Let a registered key count no more."""
        own_keys.revoke(self._call, fingerprint)

    def sweeping(self, every_s: float = EVERY_S) -> Sweeping:
        """A context in which what ran out is swept up again and again, for a program that stays."""
        return Sweeping(self._house, every_s)

    def sweep(self) -> int:
        """Write down what ran out and remove what nobody may fetch any more; how many changed."""
        demand(self._call.actor, Action.RECORDS_SWEEP)
        return sweep.sweep(self._house)


class ForSubject:
    """What a subject may do, by their secret, by their key, or through the holder."""

    def __init__(self, house: House, standing: Standing) -> None:
        self._house = house
        self._standing = standing

    @property
    def standing(self) -> Standing:
        """Who the subject is, and by what right somebody acts for them."""
        return self._standing

    def _reads(self) -> None:
        """Let go on who may see everything of the subject; one signature under `READ` a call."""
        demand_act(self._standing, READ)
        if self._standing.spent is not None:
            self._house.store.records.spend(self._standing.spent)

    def mine(self) -> Mine:
        """Everything about the subject: what was shared, why, and what can be done about it.

        With the subject's own secret or key it also holds a receipt for each entry of the log.
        """
        folder = self._house.folder.root
        book = LogBook(self._house.storage, own_memory(folder), verifiers_of(folder))
        return mine(self._house, self._standing, book)

    def consent_paper(self, consent_id: str, form: Form) -> dict[str, Any]:
        """A consent after ISO/IEC TS 27560 (`dpv`: record or receipt), or as a FHIR resource."""
        self._reads()
        return consent_paper(self._house, self._standing, consent_id, form)

    def consents(self) -> list[Consent]:
        """The subject's consents, oldest first."""
        self._reads()
        return self._house.store.records.consents(subject=self._standing.subject.id)

    def transfers(self) -> list[Transfer]:
        """The subject's transfers, oldest first; refused ones, too."""
        self._reads()
        return self._house.store.records.transfers(subject=self._standing.subject.id)

    def give(self, consent_id: str, agreed: Agreed) -> Consent:
        """Agree to what was asked, or to less; Refused with every fault."""
        return consents.give(self._house, self._standing, consent_id, agreed)

    def narrow(self, consent_id: str, scope: Scope, until: datetime | None = None) -> Consent:
        """Make a consent smaller, at once for everything not yet fetched."""
        return consents.narrow(self._house, self._standing, consent_id, scope, until)

    def pause(self, consent_id: str) -> Consent:
        """Let nothing pass until the consent is resumed."""
        return consents.pause(self._house, self._standing, consent_id)

    def resume(self, consent_id: str, scope: Scope | None = None) -> Consent:
        """Open a paused consent again, as it was or narrower."""
        return consents.resume(self._house, self._standing, consent_id, scope)

    def withdraw(self, consent_id: str) -> Consent:
        """End a consent, at once for everything not yet fetched; past recipients get a notice."""
        return consents.withdraw(self._house, self._standing, consent_id)

    def request_erasure(self) -> Erasure:
        """Ask everyone who received something to erase it; every consent ends with it."""
        return recalls.request_erasure(self._house, self._standing)

    def destroy_link(self) -> int:
        """Destroy what ties the subject to the log, for good; Refused while a consent holds."""
        return subjects.destroy_link(self._house, self._standing)

    def receipt(self, transfer_id: str, kind: str) -> str:
        """The receipt of what became of a transfer; it opens everything to the subject."""
        self._reads()
        return receipts.receipt_for_subject(self._house, self._standing, transfer_id, kind)

    def consent_receipt(self, consent_id: str) -> str:
        """The receipt of a consent's newest change, with what exactly was agreed to."""
        self._reads()
        return receipts.consent_receipt(self._house, self._standing, consent_id)
