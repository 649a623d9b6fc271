"""The processes of one training run, started by torchrun: their shares of a batch, and summed gradients.

Every process draws the same batch from the same seed and works on its share, so that only gradients are sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

T = TypeVar("T")
_TIMEOUT = timedelta(days=2)  # the others wait while one process adapts the encoder and encodes all pictures


@dataclass(frozen=True)
class ProcessGroup:
    """The rank of this process and the number of processes of a run."""

    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls) -> ProcessGroup:
        """Join the run that torchrun started, or return a group of one process."""
        if "RANK" not in os.environ:
            return cls()
        if torch.cuda.is_available():
            torch.cuda.set_device(cls().device)  # the default device of NCCL's barrier and of sharding
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=_TIMEOUT)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """The GPU of this process, or the CPU."""
        if not torch.cuda.is_available():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items that this process works on."""
        return items[self.rank :: self.size]

    def wait(self) -> None:
        """Wait until all processes arrive here."""
        if self.size > 1:
            distributed.barrier()

    def total(self, value: Tensor) -> Tensor:
        """Return the sum of `value` over all processes."""
        if self.size > 1:
            distributed.all_reduce(value)
        return value

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace the gradients of this process with those of the whole batch, in one message."""
        if self.size == 1:
            return
        trainable = [parameter for parameter in parameters if parameter.requires_grad]
        for parameter in trainable:  # a share may not use all parameters, but messages must have the same size
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in trainable if parameter.grad is not None]
        total = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(total)
        parts = total.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
