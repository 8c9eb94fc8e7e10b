"""What the panels cost, beside a plain scikit-learn loop over the same attackers.

`python bench/audit_speed.py --vectors VECTORS.npz --people USERS.csv [--attributes gender,age,occupation]`

CPU seconds of this process for one representation and all attributes. The tables *fast* and *full* are made as in a
run. The loop is priced, not run: it would fit every setting of every family anew for every attribute and every left-out
set (5 folds and 10 pairs; four times that for *full*). One fit and its scores are timed with four of five people and
one with three: Ridge, Ridge on Nystroem's features, QDA with shrinkage, KernelRidge, MLPClassifier.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fmm_core.audit import attackers, exact_kernel, mlp
from fmm_core.audit.direct import read_labels
from fmm_core.audit.folds import FOLDS
from fmm_core.audit.leakage import leakage_table, one_thread
from fmm_core.audit.panel import REDEALT
from fmm_core.audit.representations import Target, standardise
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats, Panel

PAIRS = FOLDS * (FOLDS - 1) // 2


def main() -> None:
    """Time both panels, price the loop, print one table."""
    options = _options()
    with np.load(options.vectors, allow_pickle=False) as stored:
        users, vectors = stored["user_id"].astype(str), stored["user"].astype(np.float32)
    people = pd.read_csv(options.people, dtype=str).set_index("user_id").loc[users]
    names = options.attributes.split(",")
    attributes = {name: read_labels(name, people[name].tolist(), len(users)) for name in names}
    loop = _loop(standardise(vectors), attributes)
    for panel in options.panels.split(","):
        seconds, table = _cpu(lambda panel=panel: _table(vectors, users, attributes, panel))
        print(f"\n{panel}: {seconds:.1f} CPU s; plain loop {loop[panel]:.0f} CPU s, {loop[panel] / seconds:.1f} times")
        print(_figures(table).to_string(index=False, float_format="%.4f"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", required=True, help="npz with user_id and user")
    parser.add_argument("--people", required=True, help="table with user_id and a column per attribute")
    parser.add_argument("--attributes", default="gender,age,occupation")
    parser.add_argument("--panels", default="fast,full")
    return parser.parse_args()


def _cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def _table(vectors: Floats, users: NDArray[np.str_], attributes: Mapping[str, Attribute], panel: Panel) -> pd.DataFrame:
    everyone = np.ones(len(users), bool)
    target = Target("user_vector", "", "before", vectors)
    return leakage_table([target], attributes, users, eligible=everyone, held_out=~everyone, panel=panel)


def _figures(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[(table["metric"] == "auc") & (table["users"] == "all")]
    return rows[["attribute", "attacker", "value", "ci_low", "ci_high"]]


def _loop(z: Floats, attributes: Mapping[str, Attribute]) -> dict[str, float]:
    """CPU seconds of the plain loop, per panel: one fit of each kind, times how many the loop makes."""
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one fit that stops early is timed as well as another
        cost = {family: sum(_fits(z, attribute, family) for attribute in attributes.values()) for family in GRID}
    fast = sum(cost[family] for family in ("linear", "kernel", "discriminant"))
    return {"fast": fast, "full": (1 + REDEALT) * sum(cost.values())}


def _fits(z: Floats, attribute: Attribute, family: str) -> float:
    """Seconds of all fits of one family for one attribute in one partition."""
    total, order = 0.0, np.random.default_rng(0).permutation(np.flatnonzero(attribute.codes >= 0))
    for sets, kept in ((FOLDS, FOLDS - 1), (PAIRS, FOLDS - 2)):
        cut = len(order) * kept // FOLDS
        inside, outside = order[:cut], order[cut:]
        seconds, _ = _cpu(lambda i=inside, o=outside: GRID[family](z[i], attribute.codes[i], z[o]))
        total += seconds * sets * SETTINGS[family]
    return total


def _one_hot(codes: NDArray[np.integer]) -> Floats:
    one_hot = (codes[:, None] == np.arange(codes.max() + 1)).astype(np.float32)
    return one_hot[:, 1:] if one_hot.shape[1] == 2 else one_hot


def _linear(z: Floats, codes: NDArray[np.integer], judged: Floats) -> None:
    from sklearn.linear_model import Ridge

    Ridge(attackers.LINEAR_RIDGE).fit(z, _one_hot(codes)).predict(judged)


def _kernel(z: Floats, codes: NDArray[np.integer], judged: Floats) -> None:
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    features = Nystroem(gamma=1 / z.shape[1], n_components=attackers.LANDMARKS, random_state=0)
    make_pipeline(features, Ridge(1.0)).fit(z, _one_hot(codes)).predict(judged)


def _discriminant(z: Floats, codes: NDArray[np.integer], judged: Floats) -> None:
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    QuadraticDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(z, codes).decision_function(judged)


def _exact(z: Floats, codes: NDArray[np.integer], judged: Floats) -> None:
    from sklearn.kernel_ridge import KernelRidge

    KernelRidge(alpha=1.0, kernel="rbf", gamma=1 / z.shape[1]).fit(z, _one_hot(codes)).predict(judged)


def _network(z: Floats, codes: NDArray[np.integer], judged: Floats) -> None:
    from sklearn.neural_network import MLPClassifier

    size = min(max(len(z) // mlp.PEOPLE_PER_BATCH, 1), mlp.LARGEST_BATCH)
    MLPClassifier(mlp.HIDDEN, batch_size=size, max_iter=mlp.EPOCHS, random_state=0).fit(z, codes).predict_proba(judged)


GRID: dict[str, Callable[[Floats, NDArray[np.integer], Floats], None]] = {
    "linear": _linear,
    "kernel": _kernel,
    "discriminant": _discriminant,
    "kernel_exact": _exact,
    "mlp": _network,
}
SETTINGS = {
    "linear": 1,
    "kernel": len(list(product(attackers.KERNEL_WIDTHS, attackers.KERNEL_RIDGES))),
    "discriminant": len(attackers.DISCRIMINANT_STRENGTHS),
    "kernel_exact": len(list(product(exact_kernel.WIDTHS, exact_kernel.RIDGES))),
    "mlp": 1,
}

if __name__ == "__main__":
    main()
