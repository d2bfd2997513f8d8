# SPDX-License-Identifier: MIT
"""Makes golden/native/*.npz: what PyTorch answers for sounds and weights that
tests/unit/native.c makes again from the same whole numbers.

    PYTHONPATH=bindings/python python3 tests/golden/make_native.py
"""
import os

import numpy as np
import torch

from avsvt.networks import NoteNetwork

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../../lib/models/notes-default.pt")
LIVE_MODEL = os.path.join(HERE, "../../lib/models/notes-live.pt")
SMALL = {"channels": 12, "width": 20, "hidden": 10, "layers": 1}
LIVE = {**SMALL, "layers": 2, "lookahead": 3}
LENGTHS = [1, 319, 320, 321, 17920, 20480]  # 17920, 20480: borders of tiles


def noise(seed: int, n: int) -> np.ndarray:
    """Numbers between -0.5 and 0.5, exact in float32."""
    x, out = seed, np.empty(n, np.float32)
    for i in range(n):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = (x >> 8) / 16777216 - 0.5
    return out


def sound(n: int) -> torch.Tensor:
    """A rising saw tooth with rests, and some noise."""
    phase, saw = 0, np.zeros(n, np.float32)
    for i in range(n):
        phase = (phase + 40000000 + i * 1200) & 0xFFFFFFFF
        if i // 4000 % 4 != 3:
            saw[i] = (phase >> 8) / 16777216 - 0.5
    return torch.tensor(saw * np.float32(0.5) + noise(1, n) * np.float32(1 / 64))[None]


def fill(network: NoteNetwork) -> None:
    """Weights from noise; tensors count up in the order of the state."""
    with torch.no_grad():
        count = 0
        for name, tensor in network.state_dict().items():
            if name.startswith("front.") or not tensor.is_floating_point():
                continue
            count += 1
            values = noise(count * 7919, tensor.numel())
            if "norm.weight" in name or "running_var" in name:
                values += np.float32(1)
            else:
                values *= np.float32(0.5)
            tensor.copy_(torch.tensor(values).reshape(tensor.shape))


def answers(network, n: int, prefix: str) -> dict:
    with torch.inference_mode():
        out = network(sound(n))
    return {f"{prefix}{part}": x[0].numpy()
            for part, x in zip(("logits", "fine", "offset"), out, strict=True)}


def main() -> None:
    torch.set_num_threads(1)
    folder = os.path.join(HERE, "native")
    os.makedirs(folder, exist_ok=True)
    for name, path in (("default", MODEL), ("live_default", LIVE_MODEL)):
        network = torch.jit.load(path).eval()
        np.savez(os.path.join(folder, f"{name}.npz"), **answers(network, 32000, ""))
    for name, sizes in (("small", SMALL), ("live", LIVE)):
        small = NoteNetwork(**sizes).eval()
        fill(small)
        parts = {}
        for n in LENGTHS:
            parts.update(answers(small, n, f"n{n}_"))
        np.savez(os.path.join(folder, f"{name}.npz"), **parts)


if __name__ == "__main__":
    main()
