"""A release in the hand: what a notebook, the command line and the web show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.model.indicator import Result
from sekisho.model.release import Became, Release
from sekisho.model.table import Table
from sekisho.present.holders import parts_said
from sekisho.rules.explain import explain
from sekisho.terms import Language

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


ABOUT = "release.json"


def results_in(files: Mapping[str, Path]) -> tuple[Result, ...]:
    """The indicators that the papers of a release hold."""
    from sekisho.lanes.statistics.indicators.written import result_of

    about = json.loads(files[ABOUT].read_text(encoding="utf-8")) if ABOUT in files else {}
    return tuple(result_of(each) for each in about.get("indicators", ()))


@dataclass(frozen=True, slots=True)
class Released:
    """A release in the hand: shows itself in a notebook, gives Arrow and pandas."""

    release: Release
    folder: Path
    language: Language
    became: Became = field(default_factory=Became)
    """What became of it since."""

    @property
    def id(self) -> str:
        """`programme.plan.rN`."""
        return self.release.id

    @property
    def table(self) -> Table:
        """The protected table."""
        return self.release.table

    def holders_said(self, language: Language, names: Mapping[str, str] | None = None) -> list[str]:
        """Whose parts it was made from, and whose are missing, in words."""
        return parts_said(self.release.parts, language, names)

    @property
    def files(self) -> Mapping[str, Path]:
        """Every published file by its name, those of the proof too."""
        return {file.name: file for file in sorted(self.folder.glob("*"))}

    @property
    def indicators(self) -> tuple[Result, ...]:
        """The indicators of its plan, as they were worked out when it was made."""
        return results_in(self.files)

    def explain(self, language: Language | None = None) -> list[str]:
        """The decision in plain sentences."""
        return explain(self.release.decision, language or self.language)

    def to_arrow(self) -> "pa.Table":
        """The table as Arrow: a decimal column that may be null, and a status column."""
        from sekisho.present.convert import table_to_arrow

        return table_to_arrow(self.table)

    def to_pandas(self) -> "pd.DataFrame":
        """The table as a pandas frame; needs pandas."""
        from sekisho.present.convert import table_to_pandas

        return table_to_pandas(self.table)

    def _repr_html_(self) -> str:
        from sekisho.present.notebook import release_html

        return release_html(self.release, self.language)
