"""The checkpoint's own rules: what decides where no law and no programme can."""

from sekisho.model.decision import CitedRule, Weight
from sekisho.model.text import Text


def _own(number: int, text: Text) -> CitedRule:
    return CitedRule(
        id=f"SEKISHO-{number}",
        citation=Text(f"Sekisho, rule {number}", f"関所の規則 第{number}"),
        jurisdiction="",
        text=text,
        weight=Weight.CHECKPOINT,
        source="docs/explanation/common-rules.md",
        seen="primary",
    )


FACTS_INCOMPLETE = _own(
    1,
    Text(
        "What is unknown is refused: a flow is judged only when the facts that decide are known.",
        "分からないことがあれば渡しません。判定に必要な事実がそろってから判定します。",
    ),
)
NO_RULE_ALLOWS = _own(
    2,
    Text(
        "What no rule of the programme allows is refused.",
        "事業のルールが認めていないものは渡しません。",
    ),
)
NO_PACK = _own(
    3,
    Text(
        "Data with a person in it does not pass where the law of one side is not installed.",
        "個人に関する情報は、どちらか一方の法令のルールが組み込まれていない場合には渡しません。",
    ),
)
RULES_FAULTY = _own(
    4,
    Text(
        "By rules that contain a fault nothing is judged, so nothing passes.",
        "誤りのあるルールでは判定しません。したがって何も渡しません。",
    ),
)
FALLBACKS = (FACTS_INCOMPLETE, NO_RULE_ALLOWS, NO_PACK, RULES_FAULTY)
