"""What disentangling hides, and what it costs.

`python bench/disentangle.py leaks --dataset FOLDER` (a stored data set): per modality and part, how well one attribute
is read from profiles of people whose label the maps never saw. The maps are fitted once per fold of the audit, that
fold's labels hidden; each person is judged where theirs was, by the audit's attackers trained on the other folds.
*less than raw* is the paired difference with its interval. *fresh* hides half of the labels, and both trains and judges
the attackers among that half (mean of six), with the interval of the difference: what can be read by whoever knows
labels the maps never saw. The harder test, because maps leave less in people they were fitted on.

`python bench/disentangle.py speed --pairs CSV`: seconds for three modalities of made-up features, 128, 384, 1000 wide.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.intervals import Z95, estimate, influence, stability
from fmm_core.audit.leakage import one_thread
from fmm_core.audit.panel import closed_form, judge
from fmm_core.audit.representations import reduce_dense, standardise
from fmm_core.data import storage
from fmm_core.data.dataset import Dataset
from fmm_core.data.splitting import held_out_users, row_normalised, split
from fmm_core.fairness.disentangle import disentangle
from fmm_core.fairness.disentangle import split as disentangled
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.types import silent

WIDTHS = (128, 384, 1000)
CLASSES = {"gender": 2, "age": 7, "occupation": 21}
FRESH_DRAWS = 3

Scores = tuple[NDArray[np.floating], NDArray[np.floating]]
"""Outer scores and retrained scores of the headline attacker, as in `panel.Judged`."""


@dataclass(frozen=True)
class Question:
    """One modality's profiles, one attribute, one form."""

    dataset: Dataset
    attribute: str
    config: DisentangleConfig
    profiles: NDArray[np.float64]
    interactions: NDArray[np.int64]
    seed: int

    def people(self, who: NDArray[np.bool_], seed: int) -> People:
        """Those of `who` that are attacked, dealt into folds."""
        attribute = {self.attribute: self.dataset.attributes[self.attribute]}
        return next(crowds(attribute, self.dataset.users, who, np.zeros(len(who), bool), seed))

    def parts(self, rows: NDArray[np.int64], codes: NDArray[np.int16]) -> dict[str, NDArray[np.floating]]:
        """Raw, biased and filtered profiles of `rows`, split by their `codes`."""
        profiles = self.profiles[rows]
        told = {self.attribute: codes}
        maps = disentangled(self.config, profiles, told, interactions=self.interactions[rows], seed=self.seed)
        return {"raw": profiles, **{name: part.apply(profiles) for name, part in maps._asdict().items()}}

    def attack(self, vectors: NDArray[np.floating], people: People, seed: int) -> Scores:
        """The headline attacker's scores."""
        z = standardise(reduce_dense(vectors.astype(np.float32)))
        codes, classes = people.codes[self.attribute], people.classes[self.attribute]
        judged = judge(closed_form(z, people, seed)[self.attribute], codes, classes, people.folds)
        outer, retrained = judged["strongest"]
        assert retrained is not None
        return outer, retrained


def cross_fitted(question: Question, people: People) -> tuple[dict[str, Scores], dict[str, tuple[float, float]]]:
    """Scores of every person where the maps did not know them, and both cosines of the parts to the raw profiles."""
    scores: dict[str, Scores] = {}
    cosines: dict[str, list[tuple[float, float]]] = {}
    for fold in np.unique(people.folds):
        inside = people.folds == fold
        hidden = np.where(inside, -1, people.codes[question.attribute]).astype(np.int16)
        parts = question.parts(people.rows, hidden)
        for name, vectors in parts.items():
            if name == "raw" and fold:
                continue  # the same for every fold
            found = question.attack(vectors, people, question.seed)
            rows = slice(None) if name == "raw" else inside
            for kept, new in zip(scores.setdefault(name, tuple(map(np.zeros_like, found))), found, strict=True):
                kept[rows] = new[rows]
            raw = parts["raw"]
            centred = _cosine(vectors - vectors.mean(axis=0), raw - raw.mean(axis=0))[inside].mean()
            cosines.setdefault(name, []).append((float(centred), float(_cosine(vectors, raw)[inside].mean())))
    return scores, {name: tuple(np.mean(found, axis=0)) for name, found in cosines.items()}


def _cosine(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    return (a * b).sum(axis=1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)


def fresh(question: Question, people: People) -> dict[str, tuple[float, float, float]]:
    """AUC of each part among the half whose labels the maps never saw, and the interval of raw minus part, over draws.

    Every person is judged once per draw; their influences on the difference are averaged over the draws.
    """
    areas: dict[str, list[float]] = {}
    curves: dict[str, NDArray[np.float64]] = {}
    wobble: dict[str, float] = {}
    codes = people.codes[question.attribute]
    for draw in range(FRESH_DRAWS):
        half = _halves(codes, draw)
        for hidden in (0, 1):
            inside = half == hidden
            who = np.zeros(question.dataset.n_users, bool)
            who[people.rows[inside]] = True
            others = question.people(who, question.seed + draw)
            told = np.where(inside, -1, codes).astype(np.int16)
            positive = others.codes[question.attribute] == 1
            for name, vectors in question.parts(people.rows, told).items():
                outer, retrained = question.attack(vectors[inside], others, question.seed + draw)
                area, curve = influence(outer[:, 0], positive, others.folds)
                areas.setdefault(name, []).append(area)
                curves.setdefault(name, np.zeros(len(codes)))[inside] += curve / (2 * FRESH_DRAWS)
                nu = stability(outer[:, 0], retrained[:, :, 0], positive, others.folds)
                wobble[name] = max(wobble.get(name, 0.0), nu)
    found = {}
    for name, values in areas.items():
        nu = max(wobble[name], wobble["raw"])
        half_width = Z95 * np.sqrt(((curves["raw"] - curves[name]) ** 2).sum() * (1 + nu))
        less = float(np.mean(areas["raw"]) - np.mean(values))
        found[name] = float(np.mean(values)), less - half_width, less + half_width
    return found


def _halves(codes: NDArray[np.int16], draw: int) -> NDArray[np.int64]:
    """0 or 1 per person, every group cut in two."""
    order = np.lexsort((np.random.default_rng(draw).random(len(codes)), codes))
    half = np.empty(len(codes), np.int64)
    half[order] = np.arange(len(codes)) % 2
    return half


def paired(raw: Scores, part: Scores, codes: NDArray[np.int16], folds: NDArray[np.int64]) -> tuple[float, float, float]:
    """AUC of raw minus AUC of the part, two classes, with its interval: people's influences are subtracted first."""
    positive = codes == 1
    (first, its), (second, others) = (influence(one[0][:, 0], positive, folds) for one in (raw, part))
    nu = max(stability(one[0][:, 0], one[1][:, :, 0], positive, folds) for one in (raw, part))
    half = Z95 * np.sqrt(((its - others) ** 2).sum() * (1 + nu))
    return first - second, first - second - half, first - second + half


def leaks(chosen: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Rows of the table."""
    dataset = storage.load(chosen.dataset)
    train = split(dataset).train
    interactions = np.diff(train.indptr).astype(np.int64)
    who = interactions > 0
    if chosen.selection:
        who &= ~held_out_users(dataset.users)
    for form in chosen.forms.split(","):
        for energy in map(float, chosen.energy.split(",")):
            config = DisentangleConfig(form=form, energy=energy, epochs=chosen.epochs)
            for name, modality in dataset.modalities.items():
                profiles = np.asarray(row_normalised(train) @ modality.features, np.float64)
                question = Question(dataset, chosen.attribute, config, profiles, interactions, chosen.seed)
                yield from _rows(question, who, {"form": form, "energy": energy, "modality": name})


def _rows(question: Question, who: NDArray[np.bool_], about: dict[str, object]) -> Iterator[dict[str, object]]:
    people = question.people(who, question.seed)
    codes, everyone = people.codes[question.attribute], np.ones(len(people.rows), bool)
    started = time.perf_counter()
    question.parts(people.rows, codes)
    seconds = time.perf_counter() - started
    scores, cosines = cross_fitted(question, people)
    others = fresh(question, people)
    for part, found in scores.items():
        figure = estimate(*found, codes, people.folds, everyone)
        less, low, high = paired(scores["raw"], found, codes, people.folds)
        yield about | {
            "part": part,
            "AUC": f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]",
            "less than raw": "" if part == "raw" else f"{less:+.3f} [{low:+.3f}, {high:+.3f}]",
            "fresh": f"{others[part][0]:.3f}",
            "fresh, less than raw": "" if part == "raw" else "[{:+.3f}, {:+.3f}]".format(*others[part][1:]),
            "cosine": f"{cosines[part][0]:.2f}",
            "uncentred": f"{cosines[part][1]:.3f}",
            "seconds": "" if part == "raw" else f"{seconds:.2f}",
        }


def speed(chosen: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Seconds for the three modalities together, and the most memory."""
    pairs = pd.read_csv(chosen.pairs)
    users, items = (pd.factorize(pairs.iloc[:, column])[0] for column in (0, 1))
    train = csr_matrix((np.ones(len(pairs), np.float32), (users, items)))
    rng = np.random.default_rng(0)
    features = {f"{width} wide": rng.normal(size=(train.shape[1], width)).astype(np.float32) for width in WIDTHS}
    codes = {name: rng.integers(0, n, train.shape[0]).astype(np.int16) for name, n in CLASSES.items()}
    for form in chosen.forms.split(","):
        config = DisentangleConfig(form=form, epochs=chosen.epochs)
        for name, one in [*features.items(), ("all", None)]:
            started = time.perf_counter(), time.process_time()
            chosen_features = features if one is None else {name: one}
            disentangle(config, train, chosen_features, codes, progress=silent, seed=0)
            yield {
                "form": form,
                "modality": name,
                "seconds": round(time.perf_counter() - started[0], 1),
                "CPU seconds": round(time.process_time() - started[1], 1),
                "MiB at most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }


def main() -> None:
    """Print the table of one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    leak, fast = commands.add_parser("leaks"), commands.add_parser("speed")
    for command, rows in ((leak, leaks), (fast, speed)):
        command.add_argument("--forms", default="closed", help="separated by commas")
        command.add_argument("--epochs", type=int, default=30, help="of the trained forms")
        command.set_defaults(rows=rows)
    leak.add_argument("--dataset", type=Path, required=True, help="folder of a stored data set")
    leak.add_argument("--attribute", default="gender", help="one with two groups")
    leak.add_argument("--energy", default=str(DisentangleConfig().energy), help="separated by commas")
    leak.add_argument("--selection", action="store_true", help="without the held-out fifth: for making choices")
    leak.add_argument("--seed", type=int, default=0)
    fast.add_argument("--pairs", type=Path, required=True, help="CSV whose first two columns are user and item")
    chosen = parser.parse_args()
    with one_thread():
        for place, row in enumerate(chosen.rows(chosen)):
            line = pd.DataFrame([row]).to_csv(index=False, sep="|").splitlines()
            print("\n".join(line[place > 0 :]), flush=True)


if __name__ == "__main__":
    main()
