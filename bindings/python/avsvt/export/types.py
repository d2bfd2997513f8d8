# SPDX-License-Identifier: MIT
"""What the exporters hand each other."""
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

State = dict[str, Tensor]              # weights by their names
Told = dict[str, Any]                  # a configuration, settings, a manifest
Run = Callable[..., Tensor]            # a network, or a function like one
Inputs = Iterable[tuple[Tensor, ...]]  # what networks are compared on
