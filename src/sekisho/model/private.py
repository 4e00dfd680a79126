"""What only the data holder knows: the parameters of the sensitivity rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, repr=False)
class SensitivityParameters:
    """Parameters of the p%, dominance and prior-posterior rules; None where a rule is not set.

    They appear in no message, log, page or export, so even `repr` keeps them.
    """

    p_percent: Decimal | None = None
    dominance_n: int | None = None
    dominance_k: Decimal | None = None
    prior_p: Decimal | None = None
    posterior_q: Decimal | None = None

    def __repr__(self) -> str:
        return "SensitivityParameters(secret)"


@dataclass(frozen=True, slots=True, repr=False)
class PrivateSettings:
    """The data holder's private settings of a node."""

    default: SensitivityParameters = field(default_factory=SensitivityParameters)
    by_programme: Mapping[str, SensitivityParameters] = field(default_factory=dict)

    def of(self, programme: str) -> SensitivityParameters:
        """The parameters for a programme; the default's where it has none of its own."""
        return self.by_programme.get(programme, self.default)

    def __repr__(self) -> str:
        return "PrivateSettings(secret)"
