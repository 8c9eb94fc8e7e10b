"""Result files, read once per version: the only place that caches. Keys are the file's path and its time of change."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from pydantic import BaseModel, ConfigDict

from dashboard import maps, neighbours
from dashboard.wording import states
from fmm_core.data.specs import CATALOG
from fmm_core.errors import FmmError, StoreError
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.recommenders.specs import RECOMMENDERS
from fmm_core.runs.config import AuditConfig, Audited, RunConfig
from fmm_core.runs.store import CARD, RunFolder, State, Store
from fmm_core.runs.tables import TABLES, WEIGHTS


class RunFacts(BaseModel):
    """What a list of runs says about one of them."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: State
    config: Audited
    dataset: str
    """Title of the data set."""
    when: str
    """Day and time the run was made, from its id; empty for an imported run with another kind of name."""

    @property
    def label(self) -> str:
        """One line that tells this run from others: data, recommender, mitigation, weights; or what was audited."""
        if isinstance(self.config, AuditConfig):
            return f"{self.dataset} · {states.audit_of(self.config)}"
        weights = " ".join(f"{name} {weight:g}" for name, weight in self.config.active_weights.items())
        method = MITIGATIONS[self.config.mitigation.name].title
        method = f"{method} {weights}".strip() if self.config.mitigation.name != "none" else "no mitigation"
        return f"{self.dataset} · {RECOMMENDERS[self.config.recommender.name].title} · {method}"


class Experiment(RunFacts):
    """A run that trained something, so that it has an accuracy."""

    config: RunConfig


def leakage(run: RunFolder) -> pd.DataFrame:
    """`audit/leakage.csv` of a run."""
    return _table(run, "audit/leakage.csv")


def modalities(run: RunFolder) -> pd.DataFrame:
    """`audit/modalities.csv` of a run; empty where it was made before mixes of modalities were attacked."""
    return _table_if_any(run, "audit/modalities.csv")


def weights(run: RunFolder) -> pd.DataFrame:
    """`audit/weights.csv` of a run; empty where no other weights were tried."""
    return _table_if_any(run, WEIGHTS)


def per_user(run: RunFolder) -> pd.DataFrame:
    """`per_user.parquet` of a run: accuracy of every person, ``recall@20.before`` and the like."""
    return _parquet(str(run.path / "per_user.parquet"), _stamp(run.path / "per_user.parquet"))


def accuracy(run: RunFolder) -> pd.DataFrame:
    """`audit/accuracy.csv` of a run."""
    return _table(run, "audit/accuracy.csv")


def groups(run: RunFolder) -> pd.DataFrame:
    """`audit/groups.csv` of a run."""
    return _table(run, "audit/groups.csv")


def exposure(run: RunFolder) -> pd.DataFrame:
    """`audit/exposure.csv` of a run; empty where it was made before there was one."""
    return _table_if_any(run, "audit/exposure.csv")


def history(run: RunFolder) -> pd.DataFrame:
    """`history.csv` of a run; empty while nothing is written."""
    return _table_if_any(run, "history.csv")


def projection(run: RunFolder) -> pd.DataFrame:
    """`projection.csv` of a run."""
    return _table(run, "projection.csv")


def people(run: RunFolder) -> pd.DataFrame:
    """`people.parquet` of a run: one row a person, their groups ("" undisclosed), `train_pairs`, `held_out`."""
    return _parquet(str(run.path / "people.parquet"), _stamp(run.path / "people.parquet"))


def like_neighbours(
    run: RunFolder, layout: str, slug: str, attribute: str, held_out: bool = False
) -> tuple[float, float]:
    """The share of like neighbours on one picture of a run, and its value by chance; of everyone or the held-out fifth.

    Parameters
    ----------
    slug : of the picture within its layout
    """
    files = [run.path / name for name in ("projection.csv", "people.parquet")]
    return _like_neighbours(str(run.path), layout, slug, attribute, held_out, tuple(_stamp(file) for file in files))


def config(run: RunFolder) -> Audited:
    """The configuration of a run."""
    return _config(str(run.path), _stamp(run.path / "config.json"))


def is_mitigated(made_with: Audited) -> bool:
    """Whether anything was done between *before* and *after*."""
    if isinstance(made_with, AuditConfig):
        return bool(made_with.after)
    return made_with.mitigation.name != "none" and bool(made_with.active_weights)


def experiments(store: Store) -> tuple[list[Experiment], int]:
    """The finished runs that trained something, newest first, and how many audits of files stand beside them."""
    done = [each for each in runs(store) if each.state == "done"]
    trained = [each for each in done if isinstance(each.config, RunConfig)]
    return [Experiment.model_validate(dict(each)) for each in trained], len(done) - len(trained)


def runs(store: Store) -> list[RunFacts]:
    """Every run that can be read, newest first; a damaged folder is left out."""
    cards_ = cards(store)
    found = []
    for run in store.runs():
        try:
            made_with = config(run)
            title = _title(cards_, made_with)
            found.append(
                RunFacts(id=run.id, state=run.status().state, config=made_with, dataset=title, when=_when(run.id))
            )
        except FmmError:
            continue
    return found


def _title(cards_: list[dict[str, Any]], made_with: Audited) -> str:
    """What the data of a run are called."""
    if isinstance(made_with, AuditConfig):
        return made_with.dataset
    return str(_matching(cards_, made_with).get("title", _catalog_title(made_with.dataset)))


def _when(run_id: str) -> str:
    """``20260102-030405-…`` reads "2 Jan 03:04"."""
    try:
        made = datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S")
    except ValueError:
        return ""
    return f"{made.day} {made:%b %H:%M}"


def cards(store: Store) -> list[dict[str, Any]]:
    """The cards of all stored data sets."""
    files = sorted(store.datasets_dir.glob("*/dataset.json")) if store.datasets_dir.is_dir() else []
    return _cards(str(store.home), tuple(_stamp(file) for file in files))


def card(store: Store, run: RunFolder) -> dict[str, Any]:
    """The card of the data a run was made from: its own, or its data set's; empty if that is no longer stored."""
    made_with = config(run)
    if isinstance(made_with, AuditConfig):
        own = run.path / CARD
        return _own_card(str(own), _stamp(own))
    return _matching(cards(store), made_with)


def tested() -> list[dict[str, Any]]:
    """What `bench/validity.py` found of the audit itself; empty if it is not there."""
    file = Path(__file__).resolve().parents[1] / "docs" / "validity.json"
    return _tested(str(file), _stamp(file))


def _catalog_title(name: str) -> str:
    """What a data set is called before it is stored."""
    return CATALOG[name].title if name in CATALOG else name


def _matching(cards_: list[dict[str, Any]], made_with: RunConfig) -> dict[str, Any]:
    exact = (each for each in cards_ if made_with.fingerprint and each["fingerprint"] == made_with.fingerprint)
    by_name = (each for each in cards_ if made_with.dataset in (each["id"], each["slug"]))
    return next(exact, None) or next(by_name, {})


def _stamp(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _table_if_any(run: RunFolder, name: str) -> pd.DataFrame:
    return _table(run, name) if run.has(name) else pd.DataFrame(columns=list(TABLES[name].columns))


def _table(run: RunFolder, name: str) -> pd.DataFrame:
    return _csv(str(run.path), name, _stamp(run.path / name))


@st.cache_data(show_spinner=False, max_entries=1)
def _tested(path: str, version: int) -> list[dict[str, Any]]:
    file = Path(path)
    return json.loads(file.read_text(encoding="utf-8")) if version else []


@st.cache_data(show_spinner=False, max_entries=64)
def _csv(path: str, name: str, version: int) -> pd.DataFrame:
    del version  # part of the key only
    return RunFolder(Path(path)).table(name)


@st.cache_data(show_spinner=False, max_entries=16)
def _parquet(path: str, version: int) -> pd.DataFrame:
    del version
    file = Path(path)
    try:
        return pd.read_parquet(file)
    except FileNotFoundError:
        raise StoreError(f"this run has no {file.name}", f"run {file.parent.name}", code="store.no_table") from None


@st.cache_data(show_spinner=False, max_entries=512)
def _config(path: str, version: int) -> Audited:
    del version
    return RunFolder(Path(path)).made_with()


@st.cache_data(show_spinner=False, max_entries=64)
def _own_card(path: str, version: int) -> dict[str, Any]:
    return RunFolder(Path(path).parent).card() if version else {}


@st.cache_data(show_spinner=False, max_entries=8)
def _cards(home: str, versions: tuple[int, ...]) -> list[dict[str, Any]]:
    del versions
    return Store(Path(home)).datasets()


@st.cache_data(show_spinner=False, max_entries=256)
def _like_neighbours(
    path: str, layout: str, slug: str, attribute: str, held_out: bool, versions: tuple[int, ...]
) -> tuple[float, float]:
    del versions
    run = RunFolder(Path(path))
    who, pictures = people(run), maps.layouts(projection(run))[layout]
    picture = next(each for each in pictures if each.slug == slug)
    codes = maps.codes_of(picture, who, attribute, maps.groups_in(who, {}, attribute))
    asked = who.set_index("user")["held_out"].reindex(picture.users).to_numpy(bool) if held_out else None
    return neighbours.like_neighbours(picture.xy, codes, asked)
