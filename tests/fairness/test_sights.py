"""What the flow's attackers look at."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score
from torch import Generator, Tensor

from fmm_core.fairness import soft_lists
from fmm_core.fairness.inquiry import FOLDS, Inquiry, question
from fmm_core.fairness.sights import LIST_RIDGES, glances
from fmm_core.fairness.soft_lists import SoftLists
from fmm_core.types import Representations

PEOPLE, ITEMS, LENGTH = 400, 240, 60


def on_a_circle(turns: np.ndarray) -> np.ndarray:
    angles = 2 * np.pi * turns
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def told(monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, np.ndarray]:
    """Scores of those who look at whole lists, people × attackers, and groups that only differ within themselves.

    Items lie on a circle and lists are a quarter of it. One group stands anywhere, the other at the four quarters: all
    items are listed equally often in both.
    """
    monkeypatch.setattr(soft_lists, "LENGTHS", (LENGTH, LENGTH))
    random = np.random.default_rng(0)
    group = np.arange(PEOPLE) % 2
    turns = np.where(group, random.permutation(PEOPLE) / PEOPLE, random.permutation(PEOPLE) % 4 / 4 + 1 / 8)
    base = Representations(on_a_circle(turns), on_a_circle(np.arange(ITEMS) / ITEMS), None)
    lists = SoftLists(base, csr_matrix((PEOPLE, ITEMS), dtype=np.float32), seed=0)
    folds = torch.randperm(PEOPLE, generator=Generator().manual_seed(0)).chunk(FOLDS)
    whole = glances(lists, most=50)[-1]
    inquiry = Inquiry({"group": question(group.astype(np.int16))}, folds)
    return whole(torch.from_numpy(base.user), inquiry, Generator().manual_seed(1)).scores[..., 0], group


def test_groups_whose_lists_differ_only_among_each_other_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, group = told(monkeypatch)
    aucs = [roc_auc_score(group, each) for each in scores.T]
    assert len(aucs) == len(LIST_RIDGES) + 1
    assert max(abs(auc - 0.5) for auc in aucs[:-1]) < 0.1
    assert aucs[-1] > 0.8
