"""How people read the facts of a flow, and what it takes to change one."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.model.text import Text


@dataclass(frozen=True, slots=True)
class GroundWord:
    """A fact of the flow itself, as people read it."""

    title: Text
    ask: Text | None = None
    """What to do so that it changes; `{to}` is the value it gets."""
    cost: int = 100
    changeable: bool = False
    towards: tuple[str, ...] = ()
    """Values to change to, nearest first."""


GROUND_WORDS: Mapping[str, GroundWord] = MappingProxyType(
    {
        "lane": GroundWord(Text("the lane", "レーン")),
        "sender.kind": GroundWord(Text("the kind of sender", "送り手の種別")),
        "sender.jurisdiction": GroundWord(Text("the sender's jurisdiction", "送り手の法域")),
        "recipient.kind": GroundWord(Text("the kind of recipient", "受け手の種別")),
        "recipient.jurisdiction": GroundWord(Text("the recipient's jurisdiction", "受け手の法域")),
        "recipient.id": GroundWord(Text("the recipient", "受け手")),
        "data.id": GroundWord(Text("the data", "データ")),
        "purpose": GroundWord(Text("the purpose", "利用目的")),
        "data.identifiability": GroundWord(
            Text("how much of a person is left in the data", "個人の識別可能性"),
            Text(
                "process the data so that it is {to}, and send that instead",
                "データを加工し（{to}）、代わりにそれを提供する",
            ),
            cost=8,
            changeable=True,
            towards=("anonymised", "pseudonymised", "statistical", "none"),
        ),
        "data.categories": GroundWord(
            Text("the categories of data", "情報の種類"),
            Text(
                "leave categories out, so that only these remain: {to}",
                "次の種類だけを残して提供する：{to}",
            ),
            cost=4,
            changeable=True,
        ),
        "data.persons": GroundWord(
            Text("the number of persons in 12 months", "12か月間の対象人数"),
            Text("keep to at most {to} persons in 12 months", "12か月間の対象を{to}人以下にする"),
            cost=4,
            changeable=True,
        ),
    }
)
