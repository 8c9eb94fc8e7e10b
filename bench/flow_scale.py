"""What the witness flow costs by the number of people: `python bench/flow_scale.py [--sizes 6000,60000] [--rounds 40]`.

Made-up vectors of 64 numbers, 4,000 items, 100 interactions a person, three attributes (2, 7 and 21 groups), all
protected, lists guarded; each size in a process of its own. Prints seconds, CPU seconds and the peak of memory.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDTH, ITEMS, PER_PERSON = 64, 4000, 100
GROUPS = {"gender": 2, "age": 7, "occupation": 21}


def flow_once(n: int, rounds: int) -> None:
    """Move `n` made-up people and print what it took."""
    import numpy as np
    from scipy.sparse import csr_matrix

    from fmm_core.fairness.build import build
    from fmm_core.fairness.context import Context
    from fmm_core.fairness.specs import FlowConfig
    from fmm_core.types import Representations, silent

    rng = np.random.default_rng(0)
    codes = {name: rng.integers(0, groups, n).astype(np.int16) for name, groups in GROUPS.items()}
    user = rng.normal(size=(n, WIDTH)).astype(np.float32)
    for place, code in enumerate(codes.values()):
        user[:, place] += code / code.max()
    base = Representations(user, rng.normal(size=(ITEMS, WIDTH)).astype(np.float32))
    seen = rng.integers(0, ITEMS, n * PER_PERSON)
    train = csr_matrix((np.ones(len(seen), np.float32), (np.repeat(np.arange(n), PER_PERSON), seen)), (n, ITEMS))
    weights = dict.fromkeys(GROUPS, 1.0)
    context = Context(train, {}, base, codes, weights, lambda _: 0.0, lambda _: {}, silent, seed=0)
    before = _peak()
    wall, cpu = time.perf_counter(), time.process_time()
    build(FlowConfig(rounds=rounds)).fit(context)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{n:>7,} people, {rounds} rounds: {wall:6.0f} s, {cpu:6.0f} CPU s, "
          f"peak {_peak():.2f} GiB, of which {before:.2f} data and libraries")  # fmt: skip


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Every size in a process of its own, so that peaks do not add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="6000,60000")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--one", type=int)
    chosen = parser.parse_args()
    if chosen.one:
        flow_once(chosen.one, chosen.rounds)
        return
    for size in chosen.sizes.split(","):
        command = [sys.executable, __file__, "--one", size, "--rounds", str(chosen.rounds)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
