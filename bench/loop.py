"""Time and memory of the loop on MovieLens-100K: `python bench/loop.py [--preset quick]`.

A fresh store, one run from the file to the finished audit with maps, then further points of a curve in the same
process. Prints seconds per stage and the peak memory. Fetching the data set is not counted.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.runs.config import make_config
from fmm_core.runs.datasets import locate
from fmm_core.runs.store import Store
from fmm_core.runs.worker import execute

FURTHER = (0.75, 0.5, 0.25)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="movielens-100k")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--recommender", default="lattice")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        locate(store, chosen.dataset)
        base = make_config(
            chosen.dataset, recommender=chosen.recommender, preset=chosen.preset, weights={"gender": 1.0}
        )
        print(f"first run: {_timed(store, base):.1f} s")
        further = [_timed(store, base.with_weights({"gender": weight})) for weight in FURTHER]
        print(f"further points of the curve: median {statistics.median(further):.1f} s, all {further}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"peak memory: {peak:.2f} GiB")


def _timed(store: Store, config: object) -> float:
    run = store.new_run(config)  # type: ignore[arg-type]
    start = time.perf_counter()
    status = execute(run, store)
    seconds = time.perf_counter() - start
    print({stage.name: stage.seconds for stage in status.stages}, status.state)
    return round(seconds, 1)


if __name__ == "__main__":
    main()
