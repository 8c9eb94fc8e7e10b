"""What all gradient-trained recommenders have in common: how they are called, and what they refuse."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from scipy.sparse import csr_matrix

from fmm_core.errors import ConfigError
from fmm_core.recommenders.base import Ids
from fmm_core.recommenders.specs import RECOMMENDERS, TrainedConfig
from fmm_core.recommenders.training import Model, device, repeatable
from fmm_core.recommenders.training import train as train_model
from fmm_core.types import Floats, Progress, Representations, Validate


class Trained(ABC):
    """A recommender made by the shared training loop; a subclass says which model."""

    config: TrainedConfig

    def __init__(self, config: TrainedConfig, ids: Ids | None = None) -> None:  # noqa: ARG002 (all are built alike)
        self.config = config

    @abstractmethod
    def model(self, train: csr_matrix, modalities: Mapping[str, Floats], seed: int) -> Model:
        """The untrained model for these interactions and features."""

    def fit(
        self,
        train: csr_matrix,
        modalities: Mapping[str, Floats],
        *,
        validate: Validate,
        progress: Progress,
        seed: int,
    ) -> Representations:
        """See `Recommender.fit`."""
        spec = RECOMMENDERS[self.config.name]
        if spec.needs_modalities and not modalities:
            mend = "Switch one on, or choose LightGCN."
            raise ConfigError(
                f"{spec.title} needs at least one modality", "modalities", mend, code="config.no_modality"
            )
        with repeatable(device()):
            return train_model(self.model(train, modalities, seed), self.config, train, validate, progress, seed)
