"""Files of an audit in which everything is known: two groups that vectors, lists and histories tell apart."""

from pathlib import Path

import numpy as np
import pandas as pd

N_USERS, N_ITEMS, WIDTH = 300, 40, 6
ITEMS = [f"i{number:02d}" for number in range(N_ITEMS)]


class AuditWorld:
    """300 people, half women; women's vectors, lists and clicks lean to one side, their vectors after do not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(5)
        self.users = np.array([f"p{number:03d}" for number in range(N_USERS)])
        self.women = np.arange(N_USERS) % 2 == 0
        self.after = self.rng.normal(size=(N_USERS, WIDTH)).astype(np.float32)
        self.before = self.after.copy()
        self.before[:, 0] += 2 * self.women
        self.item = self.rng.normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
        self.item[: N_ITEMS // 2, 0] += 2

    def people(self, name: str = "users.csv", users: np.ndarray | None = None, **more: object) -> str:
        """A table of the people."""
        users = self.users if users is None else users
        gender = np.where(self.women, "F", "M")[: len(users)]
        frame = pd.DataFrame({"user_id": users, "gender": gender, **more})
        frame.to_csv(self.folder / name, index=False)
        return str(self.folder / name)

    def vectors(self, name: str = "vectors.npz", **arrays: np.ndarray) -> str:
        """Vectors with ids, in another order than the people's; items too."""
        order = self.rng.permutation(N_USERS)
        stored = {
            "user_id": self.users[order],
            "user": self.before[order],
            "item_id": np.array(ITEMS),
            "item": self.item,
        }
        np.savez(self.folder / name, **stored | arrays)
        return str(self.folder / name)

    def vectors_after(self, name: str = "after.npz", width: int = WIDTH) -> str:
        """The same after mitigation, of people alone."""
        return self.vectors(name, user_id=self.users, user=self.after[:, :width], item=self.item[:, :width])

    def clicks(self, name: str = "clicks.csv") -> str:
        """Ten clicks a person, eight of them on the side of their group."""
        rows = [(user, ITEMS[item]) for place, user in enumerate(self.users) for item in self._chosen(place)]
        pd.DataFrame(rows, columns=["user_id", "item_id"]).to_csv(self.folder / name, index=False)
        return str(self.folder / name)

    def lists(self, name: str = "lists.csv") -> str:
        """Ten recommendations a person, written from the last to the first."""
        rows = [
            (user, ITEMS[item], rank)
            for place, user in enumerate(self.users)
            for rank, item in reversed(list(enumerate(self._chosen(place), start=1)))
        ]
        pd.DataFrame(rows, columns=["user_id", "item_id", "rank"]).to_csv(self.folder / name, index=False)
        return str(self.folder / name)

    def _chosen(self, place: int) -> list[int]:
        half = N_ITEMS // 2
        own, other = (0, half) if self.women[place] else (half, 0)
        return [
            *(own + self.rng.choice(half, 8, replace=False)).tolist(),
            *(other + self.rng.choice(half, 2, replace=False)).tolist(),
        ]
