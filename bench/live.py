"""How far the live view's estimates are from what is then found: `python bench/live.py --home STORE [--method repair]`.

MovieLens-100K, LATTICE quick, all three attributes. The grid that the page offers is worked out; then weights drawn at
random are estimated from it and worked out in turn.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dashboard.live import Outcome, trials
from fmm_core.runs.config import RunConfig, TrialConfig, Weights, make_config
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.sweep import grid
from fmm_core.runs.trials import tried
from fmm_core.runs.worker import execute

NAMES = ("gender", "age", "occupation")


def main() -> None:
    """Print the misses of every kind of figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--method", default="repair")
    parser.add_argument("--draws", type=int, default=20)
    chosen = parser.parse_args()
    store = Store(chosen.home)
    config = make_config(
        "movielens-100k", preset="quick", recommender="lattice", method=chosen.method, weights=dict.fromkeys(NAMES, 1.0)
    )
    run = _done(store, config)
    _try(store, run, grid(run.config(), NAMES))
    known = trials(tried(run), NAMES)
    assert known is not None
    rng = np.random.default_rng(0)
    points = [dict(zip(NAMES, weights, strict=True)) for weights in rng.uniform(size=(chosen.draws, 3)).round(2)]
    own = run.config().weights
    guessed = [known.outcome(point, own) for point in points]
    start = time.perf_counter()
    _try(store, run, points)
    print(f"{chosen.method}: {(time.perf_counter() - start) / len(points):.1f} s a set of weights")
    known = trials(tried(run), NAMES)
    assert known is not None
    _print(guessed, [known.outcome(point, own) for point in points])


def _done(store: Store, config: RunConfig | TrialConfig) -> RunFolder:
    run = store.new_run(config)
    assert execute(run, store).state == "done"
    return run


def _try(store: Store, run: RunFolder, points: list[Weights]) -> None:
    _done(store, TrialConfig(run=run.id, points=tuple(points)))


def _print(guessed: list[Outcome | None], found: list[Outcome | None]) -> None:
    pairs = [(guess, truth) for guess, truth in zip(guessed, found, strict=True) if guess and truth]
    print(f"{len(pairs)} sets of weights; miss of the estimate, mean and greatest (AUC × 100, % kept):")
    for name in NAMES:
        _line(name, [100 * (guess.attacks[name].value - truth.attacks[name].value) for guess, truth in pairs])
    _line("kept", [100 * (guess.kept - truth.kept) for guess, truth in pairs])


def _line(name: str, misses: list[float]) -> None:
    away = np.abs(misses)
    print(f"  {name}: {away.mean():.2f}, {away.max():.2f}; signed {np.mean(misses):+.2f}")


if __name__ == "__main__":
    main()
