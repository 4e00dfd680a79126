"""Words by which a label says that it stands for others together."""

from sekisho.lanes.statistics.finished.readings import folded

ALL = ""
"""The label of a row or column that has none beside others that have one: all of them together."""

_TOTALS = (
    "total",
    "grand total",
    "all",
    "sum",
    "overall",
    "insgesamt",
    "gesamt",
    "ensemble",
    "totaal",
)
_TOTALS_JA = ("合計", "総計", "総数", "全体", "計", "全国", "小計", "合 計", "総 数")


def is_total(text: str) -> bool:
    """Whether a label says that it stands for others together."""
    plain = folded(text).lower().strip(" :.-*")
    last = plain.rsplit(" / ", 1)[-1]
    words = last.replace(",", " ").replace("(", " ").replace("-", " ").split()
    if last == ALL or last in _TOTALS or last in _TOTALS_JA or last.replace(" ", "") in _TOTALS_JA:
        return True
    first_or_last = bool(words) and (words[0] in {"total", "all"} or words[-1] == "total")
    return first_or_last or last.endswith(("合計", "小計", "総計", "総数"))


_RATIOS = frozenset(
    {"%", "percent", "per cent", "per 1", "share", "rate", "ratio", "mean", "average", "index"}
)
_RATIOS_JA = ("割合", "構成比", "率", "平均", "指数", "比", "当たり", "あたり")


def names_ratio(text: str) -> bool:
    """Whether a label says that its figures were divided by others."""
    plain = folded(text).lower()
    return any(word in plain for word in (*_RATIOS, *_RATIOS_JA))
