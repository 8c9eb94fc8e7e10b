"""Twins of the made-up people under rising weights: `python bench/twins.py [--home STORE] [--method repair]`.

Everybody is made once more with the other gender and the same luck, both histories are folded in, mitigated and served.
Prints overlap of the two lists and shift of the scores before and after, by weight. With `--home` the runs are kept and
reused: a store that holds them already trains nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.runs.config import make_config
from fmm_core.runs.store import Store
from fmm_core.runs.worker import execute

WEIGHTS = (0.0, 0.5, 1.0)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--recommender", default="lightgcn")
    parser.add_argument("--method", default="repair")
    parser.add_argument("--attribute", default="gender")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(chosen.home or Path(folder))
        rows = [_row(store, chosen, weight) for weight in WEIGHTS]
    print(pd.DataFrame(rows).set_index("weight").round(3).to_string())


def _row(store: Store, chosen: argparse.Namespace, weight: float) -> dict[str, float]:
    run = store.new_run(
        make_config(
            "synthetic", recommender=chosen.recommender, method=chosen.method, preset="quick",
            weights={chosen.attribute: weight},
        )
    )  # fmt: skip
    status = execute(run, store)
    if status.state != "done":
        raise SystemExit(run.log.read_text(encoding="utf-8"))
    twins = run.table("audit/twins.csv").query("attribute == @chosen.attribute and comparison == 'twin'")
    recall = run.table("audit/accuracy.csv").query("metric == 'recall' and k == 20").set_index("model")["value"]
    row = {"weight": weight, "recall kept": recall["mitigated"] / recall["base"]}
    for each in twins.itertuples():
        row[f"{each.measure} {each.phase}"] = each.value
    changes = twins[(twins["phase"] == "after") & (twins["measure"] == "rbo")].iloc[0]
    row |= {f"rbo {name}": changes[name] for name in ("paired_difference", "pd_low", "pd_high")}
    return row


if __name__ == "__main__":
    main()
