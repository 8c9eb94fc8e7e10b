"""Table of a curve already run: `python bench/curve.py --home STORE`.

Per method and weight, mean and spread over seeds: Recall@20 kept, the headline attacker (all and held-out people) and
the plain linear attacker, for one attribute. The runs come from `fmm_core train --curve`.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.runs.store import RunFolder, Store


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--attribute", default="gender")
    chosen = parser.parse_args()
    done = [run for run in Store(chosen.home).runs() if run.status().state == "done"]
    rows = pd.DataFrame([_row(run, chosen.attribute) for run in done])
    keys = ["recommender", "preset", "method", "weight"]
    figures = [name for name in rows if name not in (*keys, "seed")]
    grouped = rows.groupby(keys)[figures].agg(["mean", "min", "max"])
    print(rows.groupby(keys).size().rename("seeds").to_string())
    print(grouped.round(3).to_string())


def _row(run: RunFolder, attribute: str) -> dict[str, object]:
    config, leakage, accuracy = run.config(), run.table("audit/leakage.csv"), run.table("audit/accuracy.csv")
    recall = accuracy[(accuracy.metric == "recall") & (accuracy.k == 20)].set_index("model").value
    vectors = leakage[
        (leakage.representation == "user_vector") & (leakage.attribute == attribute) & (leakage.metric == "auc")
    ].set_index(["phase", "attacker", "users"])
    after, before = vectors.loc["after"], vectors.loc["before"]
    return {
        "recommender": config.recommender.name,
        "preset": config.preset,
        "method": config.mitigation.name,
        "weight": config.weights.get(attribute, 0.0),
        "seed": config.seed,
        "recall": recall["base"],
        "kept": recall["mitigated"] / recall["base"],
        "before": before.value["strongest", "all"],
        "before_low": before.ci_low["strongest", "all"],
        "headline": after.value["strongest", "all"],
        "headline_high": after.ci_high["strongest", "all"],
        "held_out": after.value["strongest", "held_out"],
        "linear": after.value["linear", "all"],
    }


if __name__ == "__main__":
    main()
