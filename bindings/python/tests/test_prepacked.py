# SPDX-License-Identifier: MIT
"""Large linear layers, which the torch module lays out anew, give what they gave."""
import avsvt
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avsvt.export import parts  # noqa: E402


class Layers(torch.nn.Module):
    """Layers with and without GELU and bias, and one whose result has two uses."""

    def __init__(self):
        super().__init__()
        self.widen = torch.nn.Linear(256, 512)
        self.bare = torch.nn.Linear(512, 256, bias=False)
        self.again = torch.nn.Linear(256, 256)
        self.small = torch.nn.Linear(256, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bare(torch.nn.functional.gelu(self.widen(x)))
        y = self.again(x)
        y = torch.nn.functional.gelu(y) + y * 0.5
        if y.dim() > 1:
            y = torch.nn.functional.gelu(self.again(y), approximate="tanh")
        return torch.cat([y, self.small(x)], -1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("prepacked") / "layers.pt"
    torch.manual_seed(6)
    network = Layers().eval()
    parts.write_model(str(path), network, {"avsvt": 1, "name": "layers", "role": "extractor"},
                      network, [(parts.noise(1, 5, 256),)], "layers")
    return network, path


@pytest.mark.parametrize("shape", [(256,), (1, 256), (7, 256), (2, 130, 256), (2, 3, 5, 256),
                                   (0, 256), (3, 0, 256)])
def test_layers_give_what_they_gave(made, shape):
    network, path = made
    x = parts.noise(*shape)
    with torch.inference_mode():
        expected = network(x).numpy()
    with avsvt.Model(path) as model:
        got = model.run(x.numpy())[0]
    assert got.shape == expected.shape
    assert np.abs(got - expected).max(initial=0) < 1e-5


def test_an_input_of_another_width_is_refused(made):
    with avsvt.Model(made[1]) as model, pytest.raises(avsvt.Error, match="can't run it"):
        model.run(np.zeros((4, 255), np.float32))
