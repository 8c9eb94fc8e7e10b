"""What parameters are before training; one generator, so one seed gives one start."""

import torch
from torch import Tensor, nn

from fmm_core.recommenders.training import device


def xavier(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """A table drawn uniformly at Xavier's scale."""
    return nn.init.xavier_uniform_(torch.empty(rows, columns), generator=generator)


def xavier_normal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """A table drawn from a normal distribution at Xavier's scale."""
    return nn.init.xavier_normal_(torch.empty(rows, columns), generator=generator)


def linear(width_in: int, width_out: int, generator: torch.Generator) -> nn.Linear:
    """An affine map: weights uniform at Xavier's scale, bias 0."""
    layer = nn.Linear(width_in, width_out)
    with torch.no_grad():
        nn.init.xavier_uniform_(layer.weight, generator=generator)
        layer.bias.zero_()
    return layer.to(device())
