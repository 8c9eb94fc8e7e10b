"""What the audit costs by the number of people: `python bench/audit_scale.py [--sizes 6000,60000,600000]`.

Made-up vectors of 64 numbers, one attribute of two groups, panel fast; each size in a process of its own. Prints CPU
seconds and the peak of memory.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

WIDTH = 64


def audit_once(n: int) -> None:
    """Audit `n` made-up people and print what it took."""
    import numpy as np

    from fmm_core.audit.leakage import leakage_table
    from fmm_core.audit.representations import Target
    from fmm_core.data.dataset import Attribute

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, n).astype(np.int16)
    vectors = rng.normal(size=(n, WIDTH)).astype(np.float32)
    vectors[:, 0] += codes
    users, everyone = np.arange(n).astype(str), np.ones(n, bool)
    start = time.process_time()
    table = leakage_table(
        [Target("user_vector", "", "before", vectors)],
        {"group": Attribute(("a", "b"), codes)},
        users,
        eligible=everyone,
        held_out=~everyone,
    )
    took = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    headline = table[(table.attacker == "strongest") & (table.users == "all")].iloc[0]
    print(f"{n:>9,} people: {took:7.1f} CPU s, {1e6 * took / n:6.0f} µs each, peak {peak:5.2f} GiB, "
          f"headline {headline.value:.4f} [{headline.ci_low:.4f}, {headline.ci_high:.4f}]")  # fmt: skip


def main() -> None:
    """Every size in a process of its own, so that peaks do not add up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="6000,60000,600000")
    parser.add_argument("--one", type=int)
    chosen = parser.parse_args()
    if chosen.one:
        audit_once(chosen.one)
        return
    for size in chosen.sizes.split(","):
        subprocess.run([sys.executable, __file__, "--one", size], check=True)


if __name__ == "__main__":
    main()
