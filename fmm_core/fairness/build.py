"""From a configuration to a mitigation."""

from collections.abc import Callable
from typing import Any

from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.d2dr import D2DR
from fmm_core.fairness.leace import Leace
from fmm_core.fairness.none import NoMitigation
from fmm_core.fairness.repair import Repair
from fmm_core.fairness.specs import D2DRConfig, LeaceConfig, MitigationConfig, NoneConfig, RepairConfig

_CLASSES: dict[type, Callable[[Any], Mitigation]] = {
    NoneConfig: NoMitigation,
    LeaceConfig: Leace,
    RepairConfig: Repair,
    D2DRConfig: D2DR,
}


def build(config: MitigationConfig) -> Mitigation:
    """The mitigation that `config` describes."""
    return _CLASSES[type(config)](config)
