"""Speed of what takes longest: `python bench/speed.py lattice --data FOLDER`, or `fairness`.

Prints wall and CPU seconds per unit of work (median of the repeats), the load of the machine, peak memory, and the
share of every operation in one more, profiled unit. The first unit is a warm-up and not counted. Settings are those
of preset *paper*. OMP_NUM_THREADS sets the number of threads; to judge a time, look at the load.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.data import storage
from fmm_core.fairness.build import build as build_mitigation
from fmm_core.fairness.context import Context
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.build import build
from fmm_core.runs.config import make_config
from fmm_core.runs.datasets import locate
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.store import Store
from fmm_core.types import Representations

OPERATIONS = 12
"""Operations shown by name; the rest is one line."""


class Clock:
    """Takes the time of units of work: `tick` is called at the end of each.

    Attributes
    ----------
    units : how many the work must have: a warm-up, the timed ones and a profiled one
    """

    def __init__(self, repeats: int) -> None:
        self.units = repeats + 2
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.peak = 0.0
        self.profile = profile(activities=[ProfilerActivity.CPU])
        self._ticks = 0
        self._last = (0.0, 0.0)

    def tick(self, *_: object, **__: object) -> None:
        """One more unit is done; any arguments, so that it can serve as a `progress`."""
        now = (time.perf_counter(), time.process_time())
        self._ticks += 1
        if 1 < self._ticks < self.units:
            self.wall.append(now[0] - self._last[0])
            self.cpu.append(now[1] - self._last[1])
        if self._ticks == self.units - 1:
            self.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            self.profile.start()
        if self._ticks == self.units:
            self.profile.stop()
        self._last = (time.perf_counter(), time.process_time())

    def report(self) -> None:
        """Print everything."""
        seconds = [
            f"{statistics.median(times):.1f} s {name}" for name, times in (("wall", self.wall), ("CPU", self.cpu))
        ]
        print(f"one unit: {', '.join(seconds)} (median of {len(self.wall)}, wall {min(self.wall):.1f} to ", end="")
        print(f"{max(self.wall):.1f}), load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print(f"peak memory: {self.peak:.2f} GiB")
        rows = sorted(self.profile.key_averages(), key=lambda row: -row.self_cpu_time_total)
        total = sum(row.self_cpu_time_total for row in rows)
        for row in rows[:OPERATIONS]:
            print(f"{row.self_cpu_time_total / total:6.1%}  {row.key}, {row.count} calls")
        print(f"{sum(row.self_cpu_time_total for row in rows[OPERATIONS:]) / total:6.1%}  the rest")


def main() -> None:
    """Prepare, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--data", required=True, help="catalog name or folder")
    parser.add_argument("--modalities", default="audio,text,genre")
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = make_config(chosen.data, preset="paper", modalities=tuple(chosen.modalities.split(",")))
        inputs = choose_inputs(storage.load(locate(Store(Path(folder)), chosen.data)), config)
    print(f"{chosen.subject}, {inputs.split.train.nnz:,} training pairs, {torch.get_num_threads()} threads at most")
    clock = Clock(chosen.repeats)
    SUBJECTS[chosen.subject](inputs, clock)
    clock.report()


def lattice(inputs: Inputs, clock: Clock) -> None:
    """A training epoch, batches of 2048, the learned graph rebuilt in each; no validation."""
    config = make_config("", preset="paper").recommender
    config = config.model_copy(update={"epochs": clock.units, "validate_every": clock.units + 1})
    build(config).fit(inputs.split.train, inputs.modalities, validate=lambda _: 0.0, progress=clock.tick, seed=0)


def fairness(inputs: Inputs, clock: Clock) -> None:
    """A fairness-tuning epoch of FMMRec as published: batches of 2048, both adversaries, ten steps each a batch.

    The vectors are made up, 64 wide; what they hold does not change the time.
    """
    rng = np.random.default_rng(0)
    user, item = (rng.normal(0, 0.1, (count, 64)).astype(np.float32) for count in inputs.split.train.shape)
    config = MITIGATIONS["fmmrec"].presets["paper"].model_copy(update={"disentangle": None})
    context = Context(
        train=inputs.split.train,
        modalities=inputs.modalities,
        base=Representations(user, item),
        codes={name: attribute.codes for name, attribute in inputs.attributes.items()},
        weights=dict.fromkeys(inputs.attributes, 0.1),
        validate=lambda _: 0.0,
        attack=lambda _: {},
        progress=clock.tick,
        seed=0,
    )
    build_mitigation(config.model_copy(update={"epochs": clock.units - 1})).fit(context)
    few = replace(context, train=_thinned(inputs.split.train, rng))
    build_mitigation(config.model_copy(update={"epochs": 1})).fit(few)


def _thinned(train: csr_matrix, rng: np.random.Generator) -> csr_matrix:
    """A tenth of the pairs, as many people in a batch: a profile of a whole epoch would take gigabytes."""
    pairs = train.tocoo()
    kept = rng.random(pairs.nnz) < 0.1
    return csr_matrix((pairs.data[kept], (pairs.row[kept], pairs.col[kept])), shape=train.shape)


SUBJECTS: dict[str, Callable[[Inputs, Clock], None]] = {"lattice": lattice, "fairness": fairness}

if __name__ == "__main__":
    main()
