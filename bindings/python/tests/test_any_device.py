# SPDX-License-Identifier: MIT
"""Networks on the meta device, which has shapes and no numbers: it refuses tensors made
on another device than the network's, and questions that a GPU would have to be waited
for. So the networks do neither, in training, in evaluation and on the way back."""
import pytest

torch = pytest.importorskip("torch")

from avsvt import networks  # noqa: E402
from avsvt.networks import avhubert, fusion, losses, sight  # noqa: E402

DROPS = {"dropout": 0.1, "attention_dropout": 0.1, "inner_dropout": 0.1, "layer_drop": 0.1}
FRAMES = 25


def encoder(**options):
    return networks.SpeechEncoder(width=64, layers=2, heads=4, inner=128, channels=(32,) * 7,
                                  position_kernel=16, position_groups=4, **DROPS, **options)


def body():
    return avhubert.Body(64, 2, 4, 128, kernel=16, groups=4, front_gradient=0.1, **DROPS)


def floats(*shape):
    return torch.empty(shape, device="meta")


def whole(*shape):
    return torch.empty(shape, dtype=torch.long, device="meta")


SOUND, FILM, LENGTHS, SHARES = floats(2, 8160), floats(2, FRAMES, 88, 88), whole(2), floats(2)
TARGETS = [floats(2, 26) for _ in range(4)]
STREAMS = floats(2, 20, 64), floats(2, 30, 64)
LARGE = {"front_norm": "channels", "norm_first": True, "conv_bias": True, "input_epsilon": 1e-5}
CASES = {
    "notes": (lambda: networks.NoteNetwork(), [SOUND], [SOUND, *TARGETS]),
    "live notes": (lambda: networks.NoteNetwork(lookahead=2), [SOUND], [SOUND, *TARGETS]),
    "wav2vec2 base": (lambda: encoder(), [SOUND, LENGTHS], None),
    "wav2vec2 large": (lambda: encoder(**LARGE), [SOUND, LENGTHS], None),
    "wavlm": (lambda: encoder(buckets=32, mix=[0.2, 0.3, 0.5]), [SOUND, LENGTHS], None),
    "data2vec": (lambda: encoder(position_layers=3), [SOUND, LENGTHS], None),
    "speech notes": (
        lambda: networks.SpeechNotes(encoder(**LARGE), 64, drops=networks.SpecAugment(2, 9, 2, 9)),
        [SOUND], [SOUND, LENGTHS, SHARES, whole(2, 26, 4)]),
    "speech notes alone": (lambda: networks.SpeechNotes(encoder(), 64, whole_batch=False),
                           [SOUND], [SOUND, LENGTHS, SHARES, whole(2, 26, 4)]),
    "video notes": (lambda: networks.VideoNotes(avhubert.VideoEncoder(body())), [FILM],
                    [FILM, SHARES, whole(2, FRAMES, 4)]),
    "video notes alone": (
        lambda: networks.VideoNotes(avhubert.VideoEncoder(body()), whole_batch=False),
        [FILM], [FILM, SHARES, whole(2, FRAMES, 4)]),
    "av-hubert, sound": (lambda: avhubert.AudioEncoder(body()), [SOUND], None),
    "av-hubert, both": (lambda: avhubert.AudioVideoEncoder(body()), [SOUND, FILM], None),
    "fusion": (lambda: fusion.ResidualCrossAttention(64, 4, 128), STREAMS, None),
    "cross attention": (lambda: fusion.CrossAttention(64, 4, 128), STREAMS, None),
    "gated fusion": (lambda: sight.GatedFusion(64, 64, 32), STREAMS, None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_network_asks_nothing_and_stays_on_its_device(name):
    make, inputs, batch = CASES[name]
    with torch.device("meta"):
        network = make()
    with torch.no_grad():
        network.eval()(*inputs)
    network.train()
    loss = network(*inputs) if batch is None else network.loss(*batch)
    loss.sum().backward()
    trained = [each for each in network.parameters() if each.grad is not None]
    assert trained and all(each.grad.device.type == "meta" for each in trained)


def test_losses_stay_on_their_device():
    logits, tokens = floats(2, 30, 40).requires_grad_(), whole(2, 7)
    losses.sequence_loss(logits[:, :7], tokens, SHARES).backward()
    losses.note_frames_loss(floats(2, 30, 20), whole(2, 30, 4), SHARES)


def test_the_meta_device_would_tell():
    class Question(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x if bool(x.sum() > 0) else -x

    class Stranger(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.arange(x.shape[1])

    for network in (Question(), Stranger()):
        with pytest.raises(RuntimeError):
            network(floats(2, 3))
