"""Frozen vectors from a file: a model trained elsewhere, audited and mitigated here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.data.damage import DAMAGE
from fmm_core.errors import ConfigError, DataError
from fmm_core.recommenders.base import Ids
from fmm_core.recommenders.specs import PretrainedConfig
from fmm_core.types import Floats, Progress, Representations, Validate

NEEDED = ("user_id", "user", "item_id", "item")
RECIPE = "Save it with np.savez(file, user_id=…, user=…, item_id=…, item=…): one id and one row of numbers each."
NAMED = 3
"""At most so many ids are named in a message."""


class Pretrained:
    """Nothing is trained; modalities are accepted and ignored.

    Parameters
    ----------
    ids : those of the data set, in the order of the training interactions

    Raises
    ------
    ConfigError
        There are no ids to look up.
    """

    def __init__(self, config: PretrainedConfig, ids: Ids | None) -> None:
        if ids is None:
            mend = "Call build(config, Ids(users, items)) with those of the data set."
            raise ConfigError("vectors are looked up by id and no ids were given", mend=mend, code="config.no_ids")
        self.config, self.ids = config, ids

    def fit(
        self,
        train: csr_matrix,
        modalities: Mapping[str, Floats],  # noqa: ARG002 (every recommender is called alike)
        *,
        validate: Validate,
        progress: Progress,
        seed: int,  # noqa: ARG002
    ) -> Representations:
        """The file's vectors in the order of the data set; rows of other ids are left out.

        Users without training interactions need no vector (no figure is about them) and get zeros if they have none.

        Raises
        ------
        DataError
            The file has changed, is damaged, or lacks somebody who is needed.
        """
        path = Path(self.config.path)
        if self.config.sha256 and file_digest(path) != self.config.sha256:
            mend = "Put the old one back, or start a new run."
            raise DataError("this file has changed since the run was set up", str(path), mend, code="vectors.changed")
        stored = read_vectors(path)
        users = stored.user.places(self.ids.users, np.diff(train.indptr) > 0)
        items = stored.item.places(self.ids.items, np.ones(len(self.ids.items), bool))
        user = np.where(users[:, None] < 0, np.float32(0), stored.user.vectors[users])
        bias = None if stored.item_bias is None else stored.item_bias[items]
        found = Representations(user, stored.item.vectors[items], bias)
        progress(1, 1, recall=validate(found))
        return found


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits.

    Raises
    ------
    DataError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        mend = "Name an .npz file with vectors: recommender.path=FILE.npz."
        raise DataError("there is no such file, or it can't be read", str(path), mend, code="vectors.no_file") from None


@dataclass(frozen=True)
class Table:
    """Ids and one vector each, (n) and (n, d); `where` names file and arrays in messages."""

    ids: NDArray[np.str_]
    vectors: Floats
    where: str

    def places(self, wanted: NDArray[np.str_], needed: NDArray[np.bool_]) -> NDArray[np.intp]:
        """The row of each wanted id; −1 for those not there.

        Raises
        ------
        DataError
            One that is needed is not there.
        """
        found = pd.Index(self.ids).get_indexer(pd.Index(wanted))
        absent = wanted[(found < 0) & needed]
        if len(absent):
            what = f"it lacks {_counted(len(absent), 'id')} of the data set ({_some(absent)})"
            mend = "Add their vectors, written with the ids of the data set, or leave them out of the data set."
            raise DataError(what, self.where, mend, code="vectors.absent")
        return found


@dataclass(frozen=True)
class Vectors:
    """What such a file holds, checked; `item_bias` (items) or None."""

    user: Table
    item: Table
    item_bias: Floats | None


def read_vectors(path: Path) -> Vectors:
    """Arrays `user_id` (n), `user` (n × d), `item_id` (m), `item` (m × d) and, if there, `item_bias` (m).

    Raises
    ------
    DataError
        The file or an array is missing or damaged, shapes do not fit, a number is not finite, or an id is repeated.
    """
    arrays = _load(path)
    for name in NEEDED:
        if name not in arrays:
            mend = f"Its arrays are: {', '.join(arrays) or 'none'}. {RECIPE}"
            raise DataError(f'there is no array "{name}"', path.name, mend, code="vectors.no_array")
    user, item = (_table(arrays, name, path) for name in ("user", "item"))
    if user.vectors.shape[1] != item.vectors.shape[1]:
        what = f"vectors are {user.vectors.shape[1]} wide for users and {item.vectors.shape[1]} for items"
        raise DataError(what, path.name, "A score is their product: make them equally wide.", code="vectors.width")
    return Vectors(user, item, _bias(arrays.get("item_bias"), item.ids, path))


def _load(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays; refuses anything that would need unpickling."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise DataError("there is no such file", str(path), RECIPE, code="vectors.no_file") from None
    except DAMAGE as error:
        what = "this file is no npz of plain numbers and text"
        raise DataError(what, path.name, RECIPE, code="vectors.unreadable") from error


def _table(arrays: Mapping[str, NDArray[Any]], name: str, path: Path) -> Table:
    ids, vectors = _ids(arrays[f"{name}_id"], f"{name}_id", path), arrays[name]
    if vectors.ndim != 2 or vectors.size == 0 or ids.shape != (len(vectors),):
        what = f"{name}_id has the shape {ids.shape} and {name} the shape {vectors.shape}"
        raise DataError(what, path.name, "One row of numbers per id is needed.", code="vectors.shape")
    repeated = ids[pd.Index(ids).duplicated()]
    if len(repeated):
        what = f"{_counted(len(repeated), 'repeated id')} in {name}_id ({_some(repeated)})"
        raise DataError(what, path.name, "Keep one row per id.", code="vectors.duplicate_ids")
    return Table(ids, _numbers(vectors, name, ids, path), f"{path.name}, {name}_id")


def _ids(ids: NDArray[Any], name: str, path: Path) -> NDArray[np.str_]:
    if ids.dtype.kind not in "iuU":
        what = f"{name} holds {ids.dtype} instead of whole numbers or text"
        raise DataError(what, path.name, "Write the ids as the data set has them.", code="vectors.ids")
    return ids.astype(str)


def _numbers(values: NDArray[Any], name: str, ids: NDArray[np.str_], path: Path) -> Floats:
    """As float32, one row per id, all finite."""
    if values.dtype.kind not in "fiu":
        what = f"{name} holds {values.dtype} instead of numbers"
        raise DataError(what, path.name, RECIPE, code="vectors.not_a_number")
    with np.errstate(over="ignore"):  # what no float32 can hold becomes infinite and is refused
        numbers = values.astype(np.float32)
    bad = ids[~np.isfinite(numbers.reshape(len(ids), -1)).all(axis=1)]
    if len(bad):
        what = f"{name} is not all finite numbers in {_counted(len(bad), 'row')} (ids {_some(bad)})"
        raise DataError(what, path.name, "Correct them or leave them out.", code="vectors.not_finite")
    return numbers


def _bias(values: NDArray[Any] | None, ids: NDArray[np.str_], path: Path) -> Floats | None:
    if values is None:
        return None
    if values.shape != ids.shape:
        what = f"item_id has the shape {ids.shape} and item_bias the shape {values.shape}"
        raise DataError(what, path.name, "One number per item is needed.", code="vectors.shape")
    return _numbers(values, "item_bias", ids, path)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _some(ids: NDArray[np.str_]) -> str:
    return ", ".join(ids[:NAMED]) + (", …" if len(ids) > NAMED else "")
