"""No mitigation: what everything else is compared with."""

from fmm_core.fairness.context import Context, unchanged
from fmm_core.fairness.specs import NoneConfig
from fmm_core.types import Mitigated


class NoMitigation:
    """Returns the base bit-equal."""

    def __init__(self, config: NoneConfig) -> None:
        self.config = config

    def fit(self, context: Context) -> Mitigated:
        """See `Mitigation.fit`."""
        return unchanged(context.base)
