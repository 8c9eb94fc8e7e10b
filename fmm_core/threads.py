"""How many threads torch may use: one where sums must not depend on the machine."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Sums split over threads differ in the last bit; threads started inside have one each, too."""
    import torch  # takes seconds, and not everybody who might need it does

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
