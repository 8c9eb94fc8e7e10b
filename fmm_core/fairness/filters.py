"""Filters: one small network per attribute; a vector becomes the mean of what the chosen filters make of it."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

SLOPE = 0.2
USER, ITEM = 0, 1
"""Roles, for the prompt that tells a filter whose vector it gets."""

Prompt = Literal["concat", "add", "none"]


class FilterBank(nn.Module):
    """Linear(in → d), LeakyReLU 0.2, Linear(d → d) per attribute, Xavier-uniform (METHOD.md, section 4).

    Parameters
    ----------
    count : attributes
    width : of the vectors, d
    prompt : *concat*: a trainable vector of the role is put before the vector, in = 2d; *add*: added to it; *none*

    Examples
    --------
    The published sizes, three attributes at width 64 and one at 192:

    >>> generator = torch.Generator().manual_seed(0)
    >>> sum(p.numel() for p in FilterBank(3, 64, "concat", generator).parameters())
    37376
    >>> sum(p.numel() for p in FilterBank(1, 192, "concat", generator).parameters())
    111360
    """

    def __init__(self, count: int, width: int, prompt: Prompt, generator: torch.Generator) -> None:
        super().__init__()
        inputs = 2 * width if prompt == "concat" else width
        self.kind = prompt
        self.first = nn.Parameter(_xavier(count, inputs, width, generator))
        self.second = nn.Parameter(_xavier(count, width, width, generator))
        self.first_offset, self.second_offset = (nn.Parameter(torch.zeros(count, 1, width)) for _ in range(2))
        if prompt != "none":
            self.prompt = nn.Parameter(torch.randn(2, width, generator=generator))

    def each(self, vectors: Tensor, role: int, chosen: Sequence[int]) -> Tensor:
        """What every chosen filter makes of the vectors (people × d): chosen × people × d."""
        places = list(chosen)
        entered = self._entered(vectors, role).expand(len(places), -1, -1)
        active = nn.functional.leaky_relu(torch.baddbmm(self.first_offset[places], entered, self.first[places]), SLOPE)
        return torch.baddbmm(self.second_offset[places], active, self.second[places])

    def forward(self, vectors: Tensor, role: int, chosen: Sequence[int]) -> Tensor:
        """The mean of `each`; people × d."""
        return self.each(vectors, role, chosen).mean(dim=0)

    def _entered(self, vectors: Tensor, role: int) -> Tensor:
        if self.kind == "none":
            return vectors
        if self.kind == "add":
            return vectors + self.prompt[role]
        return torch.cat([self.prompt[role].expand(len(vectors), -1), vectors], dim=1)


def _xavier(count: int, inputs: int, outputs: int, generator: torch.Generator) -> Tensor:
    """Tables inputs × outputs, drawn uniformly at Xavier's scale."""
    bound = (6 / (inputs + outputs)) ** 0.5
    return (2 * torch.rand(count, inputs, outputs, generator=generator) - 1) * bound
