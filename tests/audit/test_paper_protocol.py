"""The published protocol: what it reports is what it says it does, weaknesses included."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score
from torch import nn

from fmm_core.audit import paper_protocol
from fmm_core.audit.paper_protocol import _Attackers, _Judged, _loss
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats

N = 250
GENDER = (np.random.default_rng(0).permutation(N) < 80).astype(np.int16)
AGE = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], [50, 50, 150])).astype(np.int16)
EVERYONE = np.ones(N, bool)


def attributes(gender: np.ndarray = GENDER) -> dict[str, Attribute]:
    return {"gender": Attribute(("m", "w"), gender), "age": Attribute(("young", "middle", "old"), AGE)}


def readable() -> Floats:
    """Every group at a corner of its own."""
    vectors = np.random.default_rng(2).normal(size=(N, 8)).astype(np.float32)
    vectors[:, 0] += 20 * GENDER - 10
    vectors[np.arange(N), 1 + AGE] += 20
    return vectors


@pytest.fixture(autouse=True)
def few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than published are enough here."""
    monkeypatch.setattr(paper_protocol, "EPOCHS", 400)


def attack(vectors: Floats, **settings: object) -> pd.DataFrame:
    return paper_protocol.paper_protocol(
        vectors, settings.pop("attributes", attributes()), **{"eligible": EVERYONE, "seed": 0} | settings
    ).set_index("attribute")


def test_what_is_plain_to_see_is_read() -> None:
    found = attack(readable())
    assert found["value"].to_dict() == {"gender": pytest.approx(1, abs=0.05), "age": pytest.approx(1, abs=0.05)}
    assert found["metric"].to_dict() == {"gender": "decisions_auc", "age": "accuracy"}
    assert found["classes"].to_dict() == {"gender": 2, "age": 3}
    assert set(found["n_users"]) == {N // 5}


def test_the_same_vectors_a_thousand_times_smaller_are_not() -> None:
    """Nothing is standardised: to this attacker small numbers hide everything, though nothing was removed."""
    found = attack(readable() / np.float32(1000))
    assert found["value"].to_dict() == pytest.approx(found["guessing"].to_dict(), abs=0.1)
    assert found.loc["gender", "guessing"] == 0.5


def test_of_an_attacker_that_sees_nothing_the_majority_is_reported() -> None:
    """All vectors alike: in every epoch one answer for everyone, in the best one the largest group's."""
    found = attack(np.zeros((N, 8), np.float32))
    assert found["value"].to_dict() == found["guessing"].to_dict()
    assert found.loc["gender", "value"] == 0.5
    assert found.loc["age", "value"] == pytest.approx(0.6, abs=0.15)  # 150 of 250, of fifty drawn


def test_answering_the_majority_by_hand() -> None:
    """Six of ten test people are of class 2, the training people's largest class; 3 of 5 men among the two."""
    three = _Judged(np.array([2, 2, 2, 0, 1]), np.array([2, 2, 2, 2, 2, 2, 0, 0, 1, 1]), 3)
    row = three.row(np.full((4, 10), 2))
    assert (row["value"], row["guessing"], row["epoch"], row["n_users"]) == (0.6, 0.6, 1, 10)
    two = _Judged(np.array([0, 0, 1]), np.array([0, 0, 0, 1, 1]), 2)
    assert (two.row(np.zeros((4, 5), np.int64))["value"], two.row(np.zeros((4, 5), np.int64))["guessing"]) == (0.5, 0.5)


def test_the_best_epoch_counts_and_wrong_answers_are_turned_round() -> None:
    """One of six undisclosed; epochs right 3/5, never and 4/5: never is always, turned round."""
    true = np.array([0, 0, 0, 1, 1, -1])
    answers = np.array([[0, 0, 1, 1, 0, 1], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0]])
    row = _Judged(np.array([0, 1]), true, 2).row(answers)
    assert (row["value"], row["epoch"], row["n_users"]) == (1.0, 2, 5)
    assert _Judged(true, true, 2).value(answers[0, :5]) == pytest.approx(roc_auc_score(true[:5], answers[0, :5]))
    assert _Judged(true, true, 3).value(answers[1, :5]) == 0  # an accuracy is not turned round


def test_the_undisclosed_and_the_ineligible_are_not_counted() -> None:
    hidden = np.where(np.arange(N) % 2 == 0, -1, GENDER).astype(np.int16)
    eligible = np.arange(N) < 200
    found = attack(readable(), attributes=attributes(hidden), eligible=eligible)
    assert found.loc["age", "n_users"] == 40
    assert 10 <= found.loc["gender", "n_users"] <= 30  # about half of forty


def test_an_attribute_of_one_group_has_no_row() -> None:
    one = {"gender": Attribute(("m", "w"), np.zeros(N, np.int16))}
    found = attack(readable(), attributes=one)
    assert found.empty
    assert list(found.reset_index().columns) == list(attack(readable()).reset_index().columns)


def test_one_seed_gives_one_answer() -> None:
    assert attack(readable(), seed=3).equals(attack(readable(), seed=3))


# networks side by side ----------------------------------------------------------------------------------------------


def side_by_side() -> tuple[_Attackers, list[nn.Sequential]]:
    """Two attributes, of two and of three classes, and torch's own networks with the same parameters."""
    model = _Attackers(6, [2, 3], torch.Generator().manual_seed(0))
    alone = []
    for s, classes in enumerate((2, 3)):
        network = nn.Sequential(nn.Linear(6, 3), nn.LeakyReLU(0.2), nn.Linear(3, classes))
        with torch.no_grad():
            network[0].weight.copy_(model.first[s].T)
            network[0].bias.copy_(model.first_bias[s, 0])
            network[2].weight.copy_(model.second[s, :, :classes].T)
            network[2].bias.copy_(model.second_bias[s, 0, :classes])
        alone.append(network)
    return model, alone


def test_networks_side_by_side_learn_what_they_would_alone() -> None:
    """Outputs, losses and gradients; the third class of two is never answered and learns nothing."""
    model, alone = side_by_side()
    x = torch.randn(20, 6, generator=torch.Generator().manual_seed(1))
    codes = torch.from_numpy(np.column_stack([np.arange(20) % 3 - 1, np.arange(20) % 3]))
    logits, separate = model(x), [network(x) for network in alone]
    assert_allclose(logits[:, :2, 0].detach(), separate[0].detach(), rtol=1e-5)
    assert_allclose(logits[:, :, 1].detach(), separate[1].detach(), rtol=1e-5)
    assert 2 not in logits[:, :, 0].argmax(dim=1)
    losses = [nn.functional.cross_entropy(out, codes[:, s], ignore_index=-1) for s, out in enumerate(separate)]
    loss = _loss(logits, codes)
    assert loss.item() == pytest.approx(sum(one.item() for one in losses), rel=1e-5)
    loss.backward()
    sum(losses).backward()
    for s, network in enumerate(alone):
        assert_allclose(model.first.grad[s].T, network[0].weight.grad, rtol=1e-4, atol=1e-7)
    assert_array_equal(model.second.grad[0, :, 2], 0)
