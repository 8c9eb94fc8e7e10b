"""One modality from `<modality>.npz` or `<modality>_features.csv` (.parquet): a row of numbers per item, in any order."""

from pathlib import Path

import numpy as np
import pandas as pd

from fmm_core.data.damage import DAMAGE
from fmm_core.data.dataset import Modality, Note
from fmm_core.data.encoders import impute
from fmm_core.data.matrices import matrix_name, read_matrix
from fmm_core.data.readers.descriptions import absence_note
from fmm_core.errors import DataError

MARK = "_features"
"""Ends the name of a text or parquet file with numbers instead of things people said."""

RECIPE = "Save it with np.savez(file, item_id=…, features=…): numbers, one row per id."


def read_features(path: Path, items: np.ndarray) -> tuple[Modality, list[Note]]:
    """One modality in the order of `items`: from arrays item_id and features of an npz, else from any matrix with ids.

    Raises
    ------
    DataError
        Arrays or ids are missing, pickled or of unequal length, an id is there twice, or no row can be used.
    """
    ids, features = _arrays(path) if path.suffix == ".npz" else _matrix(path)
    return align(ids, features, items, path, features_name(path))


def features_name(path: Path) -> str:
    """What a modality is called after its file: audio for audio.npz and for audio_features.csv."""
    return matrix_name(path).removesuffix(MARK)


def align(
    ids: np.ndarray, features: np.ndarray, items: np.ndarray, path: Path, name: str
) -> tuple[Modality, list[Note]]:
    """Rows of numbers in the order of `items`.

    Items without a row, or whose row is not all numbers, get the mean; rows of ids that no item has are left out.
    Both are counted in notes.

    Parameters
    ----------
    ids : the item that each row of `features` describes
    name : what the modality is called

    Raises
    ------
    DataError
        No row can be used.
    """
    position = pd.Index(ids).get_indexer(pd.Index(items))
    if (position < 0).all():
        first = ", ".join(f'"{name}"' for name in ids[:3])
        what = f"none of its {len(ids):,} ids is an item of the data ({first})"
        raise DataError(what, path.name, "Write them the same way in all files.", code="data.unknown_ids")
    present = position >= 0
    present[present] = np.isfinite(features).all(axis=1)[position[present]]
    if not present.any():
        raise DataError("no row is all numbers", path.name, RECIPE, code="data.not_a_number")
    filled = np.zeros((len(items), features.shape[1]), np.float32)
    filled[present] = features[position[present]]
    modality = Modality(impute(filled, present), present, path.name)
    return modality, [*absence_note(name, modality, f"usable row in {path.name}"), *_strangers(name, path, ids, items)]


def _strangers(name: str, path: Path, ids: np.ndarray, items: np.ndarray) -> list[Note]:
    unknown = int((~np.isin(ids, items)).sum())
    if not unknown:
        return []
    describe = "row describes an item that is" if unknown == 1 else "rows describe items that are"
    sentence = f"{unknown:,} {describe} in {path.name} and not in the data; left out."
    return [Note(f"modality.{name}.unknown", unknown, sentence)]


def _matrix(path: Path) -> tuple[np.ndarray, np.ndarray]:
    matrix = read_matrix(path)
    if matrix.ids is None:
        mend = "Add a column item_id."
        raise DataError("it does not say which item a row describes", path.name, mend, code="data.no_ids")
    return matrix.ids, matrix.values


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ids and features, checked for shape; refuses anything that would need unpickling."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            ids, features = archive["item_id"].astype(str), archive["features"].astype(np.float32)
    except KeyError:
        raise DataError("there is no array item_id or features", path.name, RECIPE, code="data.no_array") from None
    except DAMAGE as error:
        raise DataError("this file is no npz of plain numbers", path.name, RECIPE, code="data.unreadable") from error
    if features.ndim != 2 or features.shape[1] == 0 or ids.shape != (len(features),):
        what = f"item_id has the shape {ids.shape} and features the shape {features.shape}"
        raise DataError(what, path.name, "One row of features per id is needed.", code="data.shape")
    repeated = len(ids) - len(np.unique(ids))
    if repeated:
        noun = "repeated id" if repeated == 1 else "repeated ids"
        raise DataError(f"{repeated:,} {noun}", path.name, "Keep one row per id.", code="data.duplicate_ids")
    return ids, features
