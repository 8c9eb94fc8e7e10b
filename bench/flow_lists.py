"""What top-20 lists tell the panel *full* after the flow: `python bench/flow_lists.py --home F --ml1m F --vectors F`.

`frontier.py` reads lists by the panel *fast*; this reads those of the flow at weight 1 on the frozen vectors by the
panel that AUDIT.md reports by, as everyone sees them and with own items masked. Prints the headlines of each seed,
then mean, least and greatest of every attacker. Vectors are shared with `frontier.py` through the store; nothing is
chosen here.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from frontier import ALL, GENDER, LIST, SEEDS, Method, World, base_of, moved, worlds
from scipy.sparse import csr_matrix

from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import list_target
from fmm_core.metrics.ranking import top_k
from fmm_core.runs.store import Store

LINE = ["protected", "method", "list", "users", "attacker"]


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ml1m", required=True)
    parser.add_argument("--vectors", required=True)
    chosen = parser.parse_args()
    rows = []
    for world, method in _flows(chosen.ml1m, chosen.vectors):
        for seed in range(SEEDS):
            found = list(_rows(world, method, seed, Store(chosen.home)))
            print(pd.DataFrame(found).query("attacker == 'strongest'").to_string(index=False), flush=True)
            rows += found
    figures = pd.DataFrame(rows).drop(columns="seed").groupby(LINE, sort=False)
    print(figures.agg(["mean", "min", "max"]).round(1).to_string())


def _flows(ml1m: str, vectors: str) -> Iterator[tuple[World, Method]]:
    """Of one attribute and of all, on the frozen vectors."""
    for world in worlds(ml1m, vectors):
        if world.path and not world.newcomers and world.protected in (GENDER, ALL):
            yield from ((world, method) for method in world.methods if method.title.startswith("flow"))


def _rows(world: World, method: Method, seed: int, store: Store) -> Iterator[dict[str, Any]]:
    """Per list, people and attacker the AUCs × 100 on the protected attributes."""
    inputs, _ = base_of(world, seed, store)
    after, _ = moved(world, method, 1.0, seed, store)
    attributes = {name: inputs.attributes[name] for name in world.protected}
    for masked in (False, True):
        seen = inputs.seen if masked else csr_matrix(inputs.seen.shape, dtype="float32")
        target = list_target(top_k(after, seen, LIST).items, inputs.split.train.shape[1], "after", LIST)
        table = leakage_table([target], attributes, inputs.dataset.users, eligible=inputs.eligible,
                              held_out=inputs.held_out, panel="full", seed=seed)  # fmt: skip
        auc = 100 * table[table["metric"] == "auc"].set_index(["users", "attacker", "attribute"])["value"].unstack()
        for (users, attacker), found in auc.round(2).iterrows():
            where = {"protected": ", ".join(world.protected), "method": method.title, "seed": seed}
            yield where | {"list": "own items masked" if masked else "nothing masked", "users": users,
                           "attacker": attacker, **found}  # fmt: skip


if __name__ == "__main__":
    main()
