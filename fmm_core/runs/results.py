"""The files of a finished run (contract C4), put together from its steps."""

import numpy as np
import pandas as pd

from fmm_core.audit.accuracy import accuracy_tables
from fmm_core.audit.exposure import categories_of, exposure_table
from fmm_core.audit.holm import with_adjusted
from fmm_core.recommenders.popularity import popularity
from fmm_core.runs.auditing import MODALITIES
from fmm_core.runs.inputs import Inputs
from fmm_core.runs.made import Made
from fmm_core.runs.steps import Step
from fmm_core.runs.store import RunFolder
from fmm_core.runs.tables import KS
from fmm_core.runs.twins import twins_table
from fmm_core.runs.vectors import save_arrays
from fmm_core.types import Representations


def write_results(
    run: RunFolder, inputs: Inputs, made: Made, leakage: tuple[Step, ...], subsets: Step, maps: tuple[Step, ...]
) -> None:
    """Write every table and array of a finished run into its folder."""
    before, after = made.before(), made.after()
    run.write_table("audit/leakage.csv", with_adjusted(_concat(leakage, "leakage.parquet")))
    run.write_table("audit/modalities.csv", pd.read_parquet(subsets.folder / MODALITIES))
    run.write_table("projection.csv", _concat(maps, "map.parquet"))
    _write_accuracy(run, inputs, before, after)
    run.write_table("audit/twins.csv", twins_table(inputs, before, after, run.config().active_weights))
    _write_people(run, inputs)
    save_arrays(
        run.path / "embeddings.npz",
        user_before=before.user,
        user_after=after.user,
        item_before=before.item,
        item_after=after.item,
        item_bias=np.zeros(len(after.item), np.float32) if after.item_bias is None else after.item_bias,
        **{f"{modality}.{kind}": matrix for (modality, kind), matrix in after.profiles.items()},
    )


def _concat(steps: tuple[Step, ...], name: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(step.folder / name) for step in steps], ignore_index=True)


def _write_accuracy(run: RunFolder, inputs: Inputs, before: Representations, after: Representations) -> None:
    models = {"popularity": popularity(inputs.split.train), "base": before, "mitigated": after}
    tested = {name: inputs.with_test(model) for name, model in models.items()}
    accuracy, groups = accuracy_tables(
        {name: values for name, (_, values) in tested.items()}, inputs.attributes, seed=0
    )
    run.write_table("audit/accuracy.csv", accuracy)
    run.write_table("audit/groups.csv", groups)
    lists = {name: top.items for name, (top, _) in tested.items()}
    categories = categories_of(inputs.dataset.modalities.get("genre"))
    exposure = exposure_table(lists, inputs.split.train, inputs.attributes, categories, KS, seed=0)
    run.write_table("audit/exposure.csv", exposure)
    top_before, top_after = tested["base"][0], tested["mitigated"][0]
    save_arrays(
        run.path / "recommendations.npz",
        items_before=top_before.items,
        scores_before=top_before.scores,
        items_after=top_after.items,
        scores_after=top_after.scores,
    )
    columns = {
        f"{metric}@{k}.{phase}": values
        for phase, model in (("before", "base"), ("after", "mitigated"))
        for (metric, k), values in tested[model][1].items()
    }
    pd.DataFrame({"user": inputs.dataset.users, **columns}).to_parquet(run.path / "per_user.parquet")


def _write_people(run: RunFolder, inputs: Inputs) -> None:
    groups = {name: np.array([*a.groups, ""], dtype=object)[a.codes] for name, a in inputs.attributes.items()}
    facts = {
        "train_pairs": np.diff(inputs.split.train.indptr),
        "eligible": inputs.eligible,
        "held_out": inputs.held_out,
        "disclosed": inputs.disclosed,
    }
    pd.DataFrame({"user": inputs.dataset.users, **groups, **facts}).to_parquet(run.path / "people.parquet")
