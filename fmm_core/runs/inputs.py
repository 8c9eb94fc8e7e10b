"""What a run computes from: the data set, its split, and what of it the configuration chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from fmm_core.audit.crowds import among
from fmm_core.data.dataset import MIN_GROUP, Attribute, Dataset, merge_small
from fmm_core.data.splitting import Split, disclosed_users, held_out_users, split
from fmm_core.errors import ConfigError
from fmm_core.metrics.ranking import Top, per_user, recall_at, top_k
from fmm_core.runs.config import RunConfig
from fmm_core.runs.tables import KS
from fmm_core.types import Floats, Representations

LIST_LENGTH = 50


@dataclass(frozen=True)
class Inputs:
    """All a run computes from: the data set, its split, and what of it the configuration chose.

    `told` are the attributes as whatever learns or chooses in a mitigation may know them: of `disclosed` people only.
    """

    dataset: Dataset
    split: Split
    modalities: Mapping[str, Floats]
    attributes: Mapping[str, Attribute]
    held_out: np.ndarray
    disclosed: np.ndarray
    told: Mapping[str, Attribute]

    @cached_property
    def seen(self) -> csr_matrix:
        """Training and validation interactions: what a test ranking leaves out."""
        return (self.split.train + self.split.validation).tocsr()

    @cached_property
    def eligible(self) -> np.ndarray:
        """Users with training interactions; only they are attacked."""
        return np.diff(self.split.train.indptr) > 0

    def validation_recall(self, representations: Representations) -> float:
        """Recall@20 on the validation interactions; what every choice of accuracy is made on."""
        return recall_at(representations, self.split.train, self.split.validation, 20)

    def with_test(self, representations: Representations) -> tuple[Top, dict[tuple[str, int], np.ndarray]]:
        """Top lists and per-user accuracy on the test interactions."""
        top = top_k(representations, self.seen, LIST_LENGTH)
        return top, per_user(top.items, self.split.test, KS)


def choose_inputs(dataset: Dataset, config: RunConfig) -> Inputs:
    """Split `dataset` and take the modalities and attributes that `config` names.

    Raises
    ------
    ConfigError
        The data set has no such modality or attribute, or too few people disclose one that has a weight.
    """
    modalities = _chosen("modality", config.modalities, dataset.modalities)
    attributes = {
        name: merge_small(attribute)
        for name, attribute in _chosen("attribute", config.attributes, dataset.attributes).items()
    }
    attributes = {name: attribute for name, attribute in attributes.items() if len(attribute.groups) > 1}
    _chosen("attribute", tuple(config.active_weights), attributes)
    disclosed = disclosed_users(dataset.users, config.disclosed, config.user_split_seed)
    told = among(attributes, disclosed)
    _need_told(config, told)
    return Inputs(
        dataset=dataset,
        split=split(dataset, config.split_seed),
        modalities={name: modality.features for name, modality in modalities.items()},
        attributes=attributes,
        held_out=held_out_users(dataset.users, config.user_split_seed),
        disclosed=disclosed,
        told=told,
    )


def _need_told(config: RunConfig, told: Mapping[str, Attribute]) -> None:
    silent = [name for name in config.active_weights if name not in told]
    if silent:
        share = f"{100 * config.disclosed:g} %"
        what = f"among the {share} who disclose {silent[0]}, fewer than two groups have {MIN_GROUP} people"
        raise ConfigError(what, "--disclosed", "Choose a larger share.", code="config.disclosed")


def _chosen(what: str, names: tuple[str, ...] | None, available: Mapping[str, Any]) -> dict[str, Any]:
    names = tuple(available) if names is None else names
    unknown = [name for name in names if name not in available]
    if unknown:
        raise ConfigError(
            f'the data set has no {what} "{unknown[0]}" that can be used',
            mend=f"Choose from: {', '.join(available) or 'none'}.",
            code=f"config.unknown_{what}",
        )
    return {name: available[name] for name in available if name in names}
