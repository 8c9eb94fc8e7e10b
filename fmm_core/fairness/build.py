"""From a configuration to a mitigation."""

from collections.abc import Callable
from typing import Any

from fmm_core.fairness import specs
from fmm_core.fairness.al import Al
from fmm_core.fairness.cal import Cal
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.d2dr import D2DR
from fmm_core.fairness.fairgo import FairGo
from fmm_core.fairness.flow import Flow
from fmm_core.fairness.fmmrec import Fmmrec
from fmm_core.fairness.leace import Leace
from fmm_core.fairness.none import NoMitigation
from fmm_core.fairness.repair import Repair
from fmm_core.fairness.ridge import RidgeFilter

_CLASSES: dict[type, Callable[[Any], Mitigation]] = {
    specs.NoneConfig: NoMitigation,
    specs.LeaceConfig: Leace,
    specs.RepairConfig: Repair,
    specs.FlowConfig: Flow,
    specs.RidgeConfig: RidgeFilter,
    specs.AlConfig: Al,
    specs.CalConfig: Cal,
    specs.D2DRConfig: D2DR,
    specs.FairGoConfig: FairGo,
    specs.FmmrecConfig: Fmmrec,
}


def build(config: specs.MitigationConfig) -> Mitigation:
    """The mitigation that `config` describes."""
    return _CLASSES[type(config)](config)
