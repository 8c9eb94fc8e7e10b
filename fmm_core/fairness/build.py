"""From a configuration to a mitigation."""

from collections.abc import Callable
from typing import Any

from fmm_core.fairness.al import Al
from fmm_core.fairness.cal import Cal
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.fairgo import FairGo
from fmm_core.fairness.fmmrec import Fmmrec
from fmm_core.fairness.leace import Leace
from fmm_core.fairness.none import NoMitigation
from fmm_core.fairness.repair import Repair
from fmm_core.fairness.specs import (
    AlConfig,
    CalConfig,
    FairGoConfig,
    FmmrecConfig,
    LeaceConfig,
    MitigationConfig,
    NoneConfig,
    RepairConfig,
)

_CLASSES: dict[type, Callable[[Any], Mitigation]] = {
    NoneConfig: NoMitigation,
    LeaceConfig: Leace,
    RepairConfig: Repair,
    AlConfig: Al,
    CalConfig: Cal,
    FairGoConfig: FairGo,
    FmmrecConfig: Fmmrec,
}


def build(config: MitigationConfig) -> Mitigation:
    """The mitigation that `config` describes."""
    return _CLASSES[type(config)](config)
