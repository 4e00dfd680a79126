"""The notice that somebody reads before consenting: the very text whose hash the consent keeps."""

from hashlib import sha256

from sekisho.errors import NotFound, TamperedError, fault
from sekisho.gate.house import House
from sekisho.gate.records.flows import flow_of
from sekisho.model.record_flow import ExpressedBy, Notice
from sekisho.terms import Language


def notice_of(
    house: House,
    programme_id: str,
    flow_id: str,
    language: Language,
    by: ExpressedBy = "self",
    notice_id: str | None = None,
) -> tuple[Notice, str]:
    """A notice of a flow with its text, as this node took it in.

    Raises: NotFound when there is no such flow or notice; TamperedError when the copy of the
    programme was changed.
    """
    programme, flow = flow_of(house, programme_id, flow_id)
    notice = flow.notice(language, by, notice_id)
    if notice is None:
        raise NotFound(fault("records.notice-unknown", flow=flow_id))
    file = house.folder.programme(programme.id, programme.digest) / notice.file
    data = file.read_bytes() if file.is_file() else b""
    if sha256(data).hexdigest() != notice.digest:
        raise TamperedError(fault("records.notice-other", notice=notice.id))
    return notice, data.decode("utf-8")
