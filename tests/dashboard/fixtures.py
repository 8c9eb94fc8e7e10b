"""A finished run made by hand: small, plausible, and complete as contract C4 asks. Nothing here is measured."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from fmm_core.audit.holm import with_adjusted
from fmm_core.audit.verdict import verdict
from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.files import write_json
from fmm_core.runs.store import RunFolder, StageTime, Status, Store, create_run
from fmm_core.runs.tables import KS

ROOT = Path(__file__).resolve().parents[2]
RUN_ID = "20260102-030405-synthetic-repair-00aa"
DATASET_ID = "synthetic-0123abcd"
FINGERPRINT = "0123abcd" + "0" * 56
N_USERS, N_DRAWN, N_HELD_OUT = 1200, 600, 240

GROUPS: dict[str, tuple[tuple[str, float], ...]] = {
    "gender": (("women", 0.45), ("men", 0.55)),
    "age": (("under 25", 0.3), ("25 to 39", 0.3), ("40 to 54", 0.25), ("55 and over", 0.15)),
    "handedness": (("right-handed", 0.9), ("left-handed", 0.1)),
}
STRONGEST: dict[str, dict[tuple[str, str, str], tuple[float, float]]] = {
    # {(representation, modality, phase): (AUC of the strongest attacker, half width of its interval)}
    "gender": {
        ("history", "", "data"): (0.80, 0.02),
        ("profile_raw", "text", "data"): (0.78, 0.02),
        ("profile_raw", "audio", "data"): (0.66, 0.03),
        ("profile_raw", "all", "data"): (0.79, 0.02),
        ("user_vector", "", "before"): (0.85, 0.02),
        ("user_vector", "", "after"): (0.51, 0.026),
        ("item_mean", "", "before"): (0.81, 0.02),
        ("item_mean", "", "after"): (0.62, 0.03),
        ("top_k", "", "before"): (0.76, 0.03),
        ("top_k", "", "after"): (0.52, 0.03),
    },
    "age": {
        ("history", "", "data"): (0.79, 0.02),
        ("profile_raw", "text", "data"): (0.74, 0.02),
        ("profile_raw", "audio", "data"): (0.64, 0.02),
        ("profile_raw", "all", "data"): (0.76, 0.02),
        ("user_vector", "", "before"): (0.83, 0.015),
        ("user_vector", "", "after"): (0.59, 0.02),
        ("item_mean", "", "before"): (0.79, 0.02),
        ("item_mean", "", "after"): (0.57, 0.03),
        ("top_k", "", "before"): (0.72, 0.02),
        ("top_k", "", "after"): (0.70, 0.02),
    },
    "handedness": {
        ("history", "", "data"): (0.51, 0.075),
        ("profile_raw", "text", "data"): (0.49, 0.075),
        ("profile_raw", "audio", "data"): (0.50, 0.075),
        ("profile_raw", "all", "data"): (0.51, 0.075),
        ("user_vector", "", "before"): (0.52, 0.075),
        ("user_vector", "", "after"): (0.51, 0.075),
        ("item_mean", "", "before"): (0.53, 0.075),
        ("item_mean", "", "after"): (0.50, 0.075),
        ("top_k", "", "before"): (0.50, 0.075),
        ("top_k", "", "after"): (0.49, 0.075),
    },
}
SPLIT: dict[str, dict[tuple[str, str, str], tuple[float, float]]] = {
    # the same for the two parts of every modality, held-out people; everyone's labels but theirs made the biased part
    "gender": {
        ("profile_biased", "text", "after"): (0.81, 0.02),
        ("profile_filtered", "text", "after"): (0.51, 0.02),
        ("profile_biased", "audio", "after"): (0.68, 0.03),
        ("profile_filtered", "audio", "after"): (0.505, 0.02),
    },
    "age": {
        ("profile_biased", "text", "after"): (0.77, 0.02),
        ("profile_filtered", "text", "after"): (0.62, 0.02),
        ("profile_biased", "audio", "after"): (0.66, 0.02),
        ("profile_filtered", "audio", "after"): (0.52, 0.01),
    },
    "handedness": {
        ("profile_biased", "text", "after"): (0.52, 0.075),
        ("profile_filtered", "text", "after"): (0.50, 0.075),
        ("profile_biased", "audio", "after"): (0.49, 0.075),
        ("profile_filtered", "audio", "after"): (0.51, 0.075),
    },
}
"""What a run that splits its modalities adds to `STRONGEST`."""
MEMORY = 0.08
"""How much better the biased part shows the people whose labels made it."""

WEAKER = {"combination": 1.0, "kernel": 0.9, "discriminant": 0.85, "logistic": 0.7, "linear": 0.65}
"""How much of the strongest attacker's distance from ½ each attacker reaches."""

RECALL = {  # Recall@20 per group: popularity, base, mitigated
    ("", "everyone"): (0.160, 0.297, 0.288),
    ("gender", "women"): (0.150, 0.272, 0.254),
    ("gender", "men"): (0.168, 0.317, 0.316),
    ("age", "under 25"): (0.170, 0.310, 0.306),
    ("age", "25 to 39"): (0.165, 0.303, 0.297),
    ("age", "40 to 54"): (0.152, 0.290, 0.279),
    ("age", "55 and over"): (0.144, 0.271, 0.248),
    ("handedness", "right-handed"): (0.160, 0.298, 0.289),
    ("handedness", "left-handed"): (0.158, 0.291, 0.283),
}
CROSSING = "gender × age"
RECALL |= {
    (CROSSING, "women × under 25"): (0.160, 0.280, 0.266),
    (CROSSING, "women × 55 and over"): (0.140, 0.250, 0.220),
    (CROSSING, "men × under 25"): (0.180, 0.330, 0.335),
    (CROSSING, "men × 55 and over"): (0.150, 0.285, 0.270),
}
LEFT_OUT = 14
"""People of the crossing in groups too small to judge."""

EXPOSURE = {  # everyone's figure at 20: popularity, base, mitigated; the paired change is sure where it is not 0
    "popular_share": (1.0, 0.62, 0.60),
    "favourite_share": (0.35, 0.41, 0.40),
    "calibration": (0.90, 0.31, 0.35),
    "coverage": (0.10, 0.41, 0.45),
    "gini": (0.95, 0.71, 0.71),
}
MODELS = ("popularity", "base", "mitigated")
SCALE = {("recall", 5): 0.4, ("recall", 10): 0.65, ("recall", 20): 1.0, ("recall", 50): 1.6} | {
    ("ndcg", k): 0.5 + k / 200 for k in KS
}


def opened(page: str = "overview", **query: str) -> AppTest:
    """A page of the whole app, as an address would open it."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    if page != "overview":
        app.switch_page(f"../pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def headline(app: AppTest) -> str:
    """The page's title as the reader sees it."""
    return app.title[0].value.replace("\\", "")


def said(app: AppTest) -> str:
    """All running text and captions of a page."""
    return " ".join(str(each.value) for kind in ("markdown", "caption") for each in app.get(kind))


def finished_run(
    store_home: Path,
    *,
    run_id: str = RUN_ID,
    strongest: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]] = STRONGEST,
    linear_after: Mapping[str, float] | None = None,
    split: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]] | None = None,
    undisclosed: Mapping[str, float] | None = None,
    **settings: Any,
) -> RunFolder:
    """Write a data set card and a finished run into a store.

    Parameters
    ----------
    strongest : figures in place of `STRONGEST`
    linear_after : {attribute: AUC} of the plain linear attacker on what is left, to plant an over-correction
    split : figures as in `SPLIT`, to have a run whose modalities were split
    undisclosed : {attribute: AUC} after mitigation of people whose label was kept back, to have some of these; where
        none is named they are read as everyone is
    settings : of `make_config`, in place of the usual ones
    """
    dataset_card(store_home)
    run = create_run(Store(store_home).runs_dir / run_id, _config(settings))
    everyone = make_people()
    everyone.to_parquet(run.path / "people.parquet")
    run.write_table(
        "audit/leakage.csv", make_leakage(everyone, with_parts(strongest, split), linear_after or {}, undisclosed)
    )
    run.write_table("audit/accuracy.csv", make_accuracy())
    run.write_table("audit/groups.csv", make_groups(everyone))
    run.write_table("audit/exposure.csv", make_exposure(everyone))
    run.write_table("history.csv", make_history())
    run.write_table("projection.csv", make_projection(everyone, parts=split is not None))
    stages = tuple(
        StageTime(name=name, seconds=seconds)
        for name, seconds in (("prepare", 1.2), ("pretrain", 31.0), ("filter", 4.4), ("audit", 22.0), ("project", 9.0))
    )
    run.write_status(
        Status(state="done", stage="project", fraction=1.0, started="2026-01-02T03:04:05+00:00", stages=stages)
    )
    return run


def _config(settings: Mapping[str, Any]) -> RunConfig:
    usual: dict[str, Any] = {
        "recommender": "lattice",
        "method": "repair",
        "preset": "quick",
        "weights": {"gender": 1.0, "age": 0.5},
        "modalities": ("text", "audio"),
        "attributes": tuple(GROUPS),
        "fingerprint": FINGERPRINT,
    }
    return make_config("synthetic", **usual | dict(settings))


def dataset_card(store_home: Path) -> dict[str, Any]:
    """Store the card of the data set the run was made from, and return it."""
    people = make_people()
    folder = Store(store_home).datasets_dir / DATASET_ID
    folder.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "format": 1,
        "name": "synthetic",
        "slug": "synthetic",
        "title": "Made-up films",
        "item_noun": ["film", "films"],
        "fingerprint": FINGERPRINT,
        "n_users": N_USERS,
        "n_items": 400,
        "n_pairs": int(people["train_pairs"].sum()),
        "density": float(people["train_pairs"].sum()) / (N_USERS * 400),
        "attributes": {name: _attribute_card(name, people[name]) for name in GROUPS},
        "modalities": {
            "text": {"title": "Text", "dim": 32, "present": 400, "source": "made up"},
            "audio": {"title": "Audio", "dim": 32, "present": 380, "source": "made up"},
        },
        "titles": True,
        "notes": [{"code": "data.planted", "count": 2, "sentence": "Gender and age shape taste; handedness does not."}],
    }
    write_json(folder / "dataset.json", card)
    return card


def _attribute_card(name: str, groups: pd.Series) -> dict[str, Any]:
    counts = groups.value_counts()
    return {
        "title": name.capitalize(),
        "groups": [{"name": group, "count": int(counts[group])} for group, _ in GROUPS[name]],
        "undisclosed": int((groups == "").sum()),
        "edges": None,
        "classes_attacked": [group for group, _ in GROUPS[name]],
        "offered": True,
        "reason": "",
    }


def make_people() -> pd.DataFrame:
    """One row a person; 100 people keep their handedness to themselves."""
    rng = np.random.default_rng(0)
    groups = {name: _deal(shares, rng) for name, shares in GROUPS.items()}
    groups["handedness"][rng.permutation(N_USERS)[:100]] = ""
    held_out = np.zeros(N_USERS, bool)
    held_out[rng.permutation(N_USERS)[:N_HELD_OUT]] = True
    return pd.DataFrame(
        {
            "user": [f"p{number:04d}" for number in range(N_USERS)],
            **groups,
            "train_pairs": rng.integers(5, 60, N_USERS),
            "eligible": True,
            "held_out": held_out,
        }
    )


def _deal(shares: tuple[tuple[str, float], ...], rng: np.random.Generator) -> np.ndarray:
    edges = np.cumsum([share for _, share in shares])[:-1]
    names = np.array([name for name, _ in shares], dtype=object)
    return names[np.searchsorted(edges, (rng.permutation(N_USERS) + 0.5) / N_USERS)]


def with_parts(
    strongest: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]],
    split: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]] | None,
) -> dict[str, dict[tuple[str, str, str], tuple[float, float]]]:
    """The figures of a run together with those of its split profiles, if it has any."""
    return {name: {**targets, **(split or {}).get(name, {})} for name, targets in strongest.items()}


def make_leakage(
    people: pd.DataFrame,
    strongest: Mapping[str, Mapping[tuple[str, str, str], tuple[float, float]]],
    linear_after: Mapping[str, float],
    undisclosed: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Rows of `audit/leakage.csv`; the held-out fifth has intervals √5 times as wide, and so have the undisclosed."""
    rows: list[dict[str, Any]] = []
    for attribute, targets in strongest.items():
        known = people[people[attribute] != ""]
        for (representation, modality, phase), (value, half) in targets.items():
            names = {
                "attribute": attribute,
                "classes": len(GROUPS[attribute]),
                "representation": representation,
                "modality": modality,
                "phase": phase,
                "panel": "fast",
            }
            after = linear_after.get(attribute) if phase == "after" else None
            part = representation in ("profile_biased", "profile_filtered")
            remembered = MEMORY if representation == "profile_biased" else 0.0
            for users, n, figure, width in (
                ("all", len(known), value + remembered, half),
                ("held_out", int(known["held_out"].sum()), value, half if part else half * np.sqrt(5)),
            ):
                found = _attackers(figure, width, after)
                rows += [names | {"users": users, "n_users": n} | row for row in found]
            if undisclosed is not None:
                read = undisclosed.get(attribute, value) if phase == "after" else value
                found = _attackers(read, half * np.sqrt(5), None)
                rows += [names | {"users": "undisclosed", "n_users": N_HELD_OUT} | row for row in found]
            if after is not None and representation == "user_vector":
                rows += [names | {"users": "all", "n_users": len(known)} | row for row in _shares(after)]
    return with_adjusted(pd.DataFrame(rows)).assign(p_max_t=np.nan)


def _attackers(value: float, half: float, linear: float | None) -> Iterator[dict[str, Any]]:
    figures = {"strongest": value} | {name: 0.5 + (value - 0.5) * share for name, share in WEAKER.items()}
    if linear is not None:
        figures["linear"] = linear
    for attacker, auc in figures.items():
        low, high = auc - half, auc + half
        linear_high = figures["linear"] + half if attacker == "strongest" else None
        yield {
            "attacker": attacker,
            "metric": "auc",
            "value": auc,
            "ci_low": low,
            "ci_high": high,
            "chance": 0.5,
            "p_value": np.nan if attacker == "logistic" else float(np.exp(-(((auc - 0.5) / half) ** 2))),
            "verdict": verdict(low, high, linear_high=linear_high),
        }
    yield {
        "attacker": "logistic",
        "metric": "accuracy",
        "value": max(value, 0.55),
        "ci_low": max(value, 0.55) - half,
        "ci_high": max(value, 0.55) + half,
        "chance": 0.55,
        "p_value": np.nan,
        "verdict": "",
    }


def _shares(linear: float) -> Iterator[dict[str, Any]]:
    """The linear attacker who knows 50 and 90 % of the labels, and what groups that match would read."""
    figures = {"linear_50": linear + 0.07, "linear_90": linear - 0.06}
    figures |= {"matched_50": 0.45, "matched_80": 0.37, "matched_90": 0.31}
    for attacker, auc in figures.items():
        exact = attacker.startswith("matched")
        low, high = (np.nan, np.nan) if exact else (auc - 0.03, auc + 0.03)
        says = "" if exact else verdict(low, high)
        row = {"attacker": attacker, "metric": "auc", "value": auc, "ci_low": low, "ci_high": high, "verdict": says}
        yield row | {"chance": 0.5, "p_value": np.nan}


def make_accuracy() -> pd.DataFrame:
    """Rows of `audit/accuracy.csv`."""
    return pd.DataFrame(
        [_figure(model, metric, k, "", "everyone", N_USERS) for model in MODELS for metric, k in SCALE]
    ).drop(columns=["attribute", "group"])


def make_groups(people: pd.DataFrame) -> pd.DataFrame:
    """Rows of `audit/groups.csv`, with the paired change on rows of the mitigated model."""
    rows = []
    for attribute, group in RECALL:
        n = _members(people, attribute, group)
        for model in MODELS:
            for metric, k in SCALE:
                change = (RECALL[attribute, group][2] - RECALL[attribute, group][1]) * SCALE[metric, k]
                rows.append(_figure(model, metric, k, attribute, group, n) | _paired(model, change, n))
    frame = pd.DataFrame(rows)
    summaries = [_summary(frame, name, what) for name in (*GROUPS, CROSSING) for what in ("gap", "ratio")]
    small = _summary(frame, CROSSING, "gap").assign(group="left out", value=np.nan, n_users=LEFT_OUT)
    return pd.concat([frame, *summaries, small], ignore_index=True)


def make_exposure(people: pd.DataFrame) -> pd.DataFrame:
    """Rows of `audit/exposure.csv`; every group is shown what everyone is."""
    rows = []
    for attribute, group in (key for key in RECALL if key[0] != CROSSING):
        n = _members(people, attribute, group)
        for metric, figures in EXPOSURE.items():
            for model, value in zip(MODELS, figures, strict=True):
                for k in KS:
                    names = {"model": model, "metric": metric, "k": k, "attribute": attribute, "group": group}
                    interval = {"value": value, "ci_low": value - 0.01, "ci_high": value + 0.01, "n_users": n}
                    rows.append(names | interval | _paired(model, figures[2] - figures[1], 10**8))
    return pd.DataFrame(rows)


def _members(people: pd.DataFrame, attribute: str, group: str) -> int:
    chosen = np.ones(N_USERS, bool)
    for name, value in zip(attribute.split(" × "), group.split(" × "), strict=True):
        chosen &= np.ones(N_USERS, bool) if name == "" else (people[name] == value).to_numpy()
    return int(chosen.sum())


def _figure(model: str, metric: str, k: int, attribute: str, group: str, n: int) -> dict[str, Any]:
    value = RECALL[attribute, group][MODELS.index(model)] * SCALE[metric, k]
    half = 0.35 / np.sqrt(n)
    names = {"model": model, "metric": metric, "k": k, "attribute": attribute, "group": group}
    return names | {"value": value, "ci_low": value - half, "ci_high": value + half, "n_users": n}


def _paired(model: str, change: float, n: int) -> dict[str, float]:
    half = 0.10 / np.sqrt(n)
    figures = (change, change - half, change + half) if model == "mitigated" else (np.nan,) * 3
    return dict(zip(("paired_difference", "pd_low", "pd_high"), figures, strict=True))


def _summary(frame: pd.DataFrame, attribute: str, what: str) -> pd.DataFrame:
    """The gap or the ratio of an attribute's groups."""
    inside = frame[frame["attribute"] == attribute].groupby(["model", "metric", "k"], sort=False)
    low, high = inside["value"].min(), inside["value"].max()
    gap = (high - low if what == "gap" else low / high).reset_index()
    n = int(frame.loc[frame["attribute"] == attribute].drop_duplicates("group")["n_users"].sum())
    base = gap[gap["model"] == "base"].set_index(["metric", "k"])["value"]
    mitigated = gap["model"] == "mitigated"
    change = gap["value"] - [base[metric, k] for metric, k in zip(gap["metric"], gap["k"], strict=True)]
    return gap.assign(
        attribute=attribute,
        group=what,
        ci_low=gap["value"] - 0.01,
        ci_high=gap["value"] + 0.01,
        n_users=n,
        paired_difference=change.where(mitigated),
        pd_low=np.nan,
        pd_high=np.nan,
    )


def make_history() -> pd.DataFrame:
    """Rows of `history.csv`: a loss that falls and an accuracy that rises."""
    rows = [("pretrain", epoch, "loss", 0.7 * 0.9**epoch, 0.8 * epoch) for epoch in range(1, 41)]
    rows += [("pretrain", epoch, "recall", 0.3 * (1 - 0.85**epoch), 0.8 * epoch + 0.1) for epoch in range(2, 41, 2)]
    return pd.DataFrame(rows, columns=["stage", "epoch", "name", "value", "seconds"])


def make_projection(people: pd.DataFrame, parts: bool = False) -> pd.DataFrame:
    """Rows of `projection.csv`: women and men sit apart before mitigation, and not after it; so with split profiles."""
    rng = np.random.default_rng(1)
    drawn = people.iloc[np.sort(rng.permutation(N_USERS)[:N_DRAWN])]
    side = np.where(drawn["gender"] == "women", 1.0, -1.0)
    centre = rng.normal(size=(6, 2)) * 4
    home = centre[rng.integers(0, 6, N_DRAWN)] + rng.normal(size=(N_DRAWN, 2))
    slices = {
        ("user_vector", "user_vector", "", "before"): home + np.column_stack([2.2 * side, 1.2 * side]),
        ("user_vector", "user_vector", "", "after"): home,
        ("profile_text", "profile_raw", "text", "data"): home + np.column_stack([1.5 * side, 0 * side]),
        ("profile_audio", "profile_raw", "audio", "data"): home[:, ::-1] + np.column_stack([0.6 * side, 0 * side]),
    }
    if parts:
        for modality in ("text", "audio"):
            layout, raw = f"profile_{modality}", ("profile_raw", modality, "data")
            step = np.column_stack([3.0 * side, 0 * side])
            slices[layout, "profile_biased", modality, "after"] = slices[(layout, *raw)] + step
            slices[layout, "profile_filtered", modality, "after"] = slices[(layout, *raw)] - step / 2
    columns = ("layout", "representation", "modality", "phase")
    return pd.concat(
        [
            pd.DataFrame(
                {**dict(zip(columns, key, strict=True)), "user": drawn["user"].to_numpy(), "x": xy[:, 0], "y": xy[:, 1]}
            )
            for key, xy in slices.items()
        ],
        ignore_index=True,
    )
