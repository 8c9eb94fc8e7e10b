"""The loop against adversaries: who votes, who is looked at, what is pushed, and which epoch is kept."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from mitigation_contract import AGE, GENDER, WIDTH, context
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor

from fmm_core.errors import RunError
from fmm_core.fairness import adversary, tuning
from fmm_core.fairness.adversary import Gaze, Labels, TwoAdversaries
from fmm_core.fairness.al import FreeVectors
from fmm_core.fairness.context import Context
from fmm_core.fairness.specs import TuningConfig
from fmm_core.fairness.tuning import every_attribute, tune
from fmm_core.types import Floats, Mitigated, Representations


def fit(given: Context, gaze: Gaze | None = None, **settings: object) -> Mitigated:
    config = TuningConfig(**{"epochs": 2, "adversary_steps": 2, **settings})
    return tune(given, config, FreeVectors(given.base), gaze or Gaze(), every_attribute)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, Labels, bool]]:
    """What adversaries are shown when vectors step: columns, labels, dropout."""
    calls: list[tuple[Tensor, Labels, bool]] = []
    losses = adversary.Adversaries.losses

    def spy(self: object, columns: Tensor, labels: Labels, chosen: list[int], *, dropout: bool) -> Tensor:
        if columns.requires_grad:
            calls.append((columns.detach().clone(), labels, dropout))
        return losses(self, columns, labels, chosen, dropout=dropout)  # type: ignore[arg-type]

    monkeypatch.setattr(adversary.Adversaries, "losses", spy)
    return calls


def test_in_our_form_everybody_votes_once_on_standardised_vectors_without_dropout(
    shown: list[tuple[Tensor, Labels, bool]],
) -> None:
    fit(context({GENDER: 1.0}), TwoAdversaries(0.5), epochs=1)
    columns, labels, dropout = shown[0]
    votes = labels.votes[0][labels.votes[0] > 0]
    assert_allclose(votes, np.full(len(votes), 1 / len(votes)), rtol=1e-5)
    assert columns.shape[:2] == (2, WIDTH)
    assert_allclose(columns.mean(dim=2), np.zeros((2, WIDTH)), atol=1e-4)
    assert_allclose(columns.std(dim=2, correction=0), np.ones((2, WIDTH)), atol=1e-3)
    assert not dropout


def test_in_the_published_form_people_vote_as_often_as_they_chose(shown: list[tuple[Tensor, Labels, bool]]) -> None:
    given = context({GENDER: 1.0})
    fit(given, epochs=1, form="paper", batch_size=10_000)  # one batch holds every interaction
    columns, labels, dropout = shown[0]
    chosen = np.diff(given.train.indptr)
    assert_allclose(labels.votes[0], chosen / chosen.sum(), rtol=1e-4)
    assert_allclose(columns[0].T, given.base.user, rtol=1e-6)
    assert dropout


def test_the_history_is_the_mean_of_its_item_vectors(shown: list[tuple[Tensor, Labels, bool]]) -> None:
    given = context({GENDER: 1.0})
    fit(given, TwoAdversaries(0.5), epochs=1, form="paper", batch_size=10_000)
    dense = given.train.toarray()
    means = dense @ given.base.item / dense.sum(axis=1, keepdims=True)
    assert_allclose(shown[0][0][1].T, means, atol=1e-4)


def test_adversaries_learn_from_the_vectors_as_they_were_before_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    given, seen = context({GENDER: 1.0}), []
    monkeypatch.setattr(adversary.Adversaries, "train", lambda _, columns, *__: seen.append(columns.detach().clone()))
    fit(given, epochs=1, form="paper", batch_size=10_000)
    assert_allclose(seen[0][0].T, given.base.user, rtol=1e-6)


@pytest.mark.parametrize(("form", "moves"), [("ours", False), ("paper", True)])
def test_an_adversary_that_knows_less_than_guessing_pushes_only_in_the_published_form(
    monkeypatch: pytest.MonkeyPatch, form: str, moves: bool
) -> None:
    """An adversary with fixed wrong answers; without ranking loss the vectors stay where nothing pushes."""
    monkeypatch.setattr(adversary.Adversaries, "train", lambda *_: None)
    monkeypatch.setattr(
        adversary.Adversaries, "losses", lambda *args, **_: (10 + args[1].mean()).expand(1, 1)
    )  # ten nats: far worse than guessing
    monkeypatch.setattr(tuning._Tuning, "_ranking", lambda _, user, item, *__: 0 * user.sum() + 0 * item.sum())
    given = context({GENDER: 1.0})
    # ours sees standardised columns, whose mean has no gradient in the vectors; so look at them as they are
    monkeypatch.setattr(tuning, "standardised", lambda vectors: vectors)
    found = fit(given, epochs=1, form=form)
    assert np.array_equal(found.user, given.base.user) != moves


def scripted(given: Context, recalls: list[float], attacks: list[float]) -> tuple[Context, list[Floats]]:
    """A context whose judges answer from a script, and the vectors they were asked about."""
    asked: list[Floats] = []
    answers = iter([1.0, *recalls])  # the first question is about the base

    def validate(found: Representations) -> float:
        asked.append(found.user.copy())
        return next(answers)

    verdicts = iter(attacks)

    def attack(_: Floats) -> Mapping[str, float]:
        return {GENDER: next(verdicts), AGE: 0.9}

    return replace(given, validate=validate, attack=attack), asked


def test_our_form_keeps_the_epoch_that_is_best_by_recall_and_attacker_together() -> None:
    """Scores 0.9 − 0.2, 0.8 − 0.05 (an attacker at 0.45 knows as much as one at 0.55), 0.6 − 0: the second is best."""
    given, asked = scripted(context({GENDER: 1.0}), [0.9, 0.8, 0.6], [0.7, 0.45, 0.5])
    assert_array_equal(fit(given, epochs=3).user, asked[2])


def test_the_published_form_keeps_the_epoch_of_the_best_recall_and_asks_no_attacker() -> None:
    given = context({GENDER: 1.0})
    asked: list[Floats] = []
    answers = iter([0.3, 0.5, 0.4])

    def validate(found: Representations) -> float:
        asked.append(found.user.copy())
        return next(answers)

    def attack(_: Floats) -> Mapping[str, float]:
        raise AssertionError("nobody may ask")

    given = replace(given, validate=validate, attack=attack)
    assert_array_equal(fit(given, epochs=3, form="paper").user, asked[1])


def test_progress_says_what_was_lost_and_known() -> None:
    figures: list[set[str]] = []
    fit(context({GENDER: 1.0}, progress=lambda _, __, **found: figures.append(set(found))), epochs=2)
    assert figures == [{"loss", "known", "recall", "attacker"}] * 2


def test_a_loss_that_is_no_number_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: Callable[..., Tensor] = lambda _, user, *__: user.sum() * float("nan")  # noqa: E731
    monkeypatch.setattr(tuning._Tuning, "_ranking", wrong)
    with pytest.raises(RunError, match="no longer a number in epoch 1"):
        fit(context({GENDER: 1.0}))


def test_an_item_bias_counts_in_the_ranking() -> None:
    """Items that win by their bias alone need no help from the vectors: the ranking loss is near 0."""
    given = context({GENDER: 1e-9})
    owned = np.asarray(given.train.sum(axis=0)).ravel()
    dense = np.zeros_like(given.train.toarray())
    dense[:, : len(owned) // 2] = 1  # everyone has chosen the first half
    base = Representations(
        np.zeros_like(given.base.user),
        np.zeros_like(given.base.item),
        np.where(np.arange(len(owned)) < len(owned) // 2, 50.0, 0.0).astype(np.float32),
    )
    dense[0, -1] = 1  # the last item was seen, so it can be drawn
    losses: list[float] = []
    given = replace(
        given,
        train=type(given.train)(dense),
        base=base,
        progress=lambda _, __, **found: losses.append(found["loss"]),
    )
    fit(given, epochs=1, form="paper")
    assert losses[0] < 0.1


def test_the_seed_of_torch_itself_plays_no_part() -> None:
    torch.manual_seed(1)
    first = fit(context({GENDER: 1.0}, seed=3)).user
    torch.manual_seed(2)
    assert_array_equal(first, fit(context({GENDER: 1.0}, seed=3)).user)
