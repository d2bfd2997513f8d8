# SPDX-License-Identifier: MIT
import subprocess
import sys
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import avsvt  # noqa: E402
from avsvt import export, networks  # noqa: E402
from avsvt.export import archive, notes_default  # noqa: E402
from avsvt.networks.targets import frame_targets  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def network():
    torch.manual_seed(3)
    return networks.NoteNetwork(channels=4, width=12, hidden=6, layers=1).eval()


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 16001])
def test_frames_follow_from_samples(network, samples):
    logits, fine, offset = network(torch.zeros(2, samples))
    frames = samples // 320 + 1
    assert logits.shape == (2, frames, 20)
    assert fine.shape == (2, frames, 150) and offset.shape == (2, frames)


def test_the_front_end_is_a_short_time_fourier_transform():
    front = networks.notes.FrontEnd()
    sound = torch.randn(2, 5000, generator=torch.Generator().manual_seed(1))
    ours = front.magnitude(front.windows(sound, 2048, 320, 16), front.pitch_window, 320)
    theirs = torch.stft(sound, 2048, 320, window=front.pitch_window, center=True,
                        pad_mode="constant", return_complex=True).abs() / 512
    assert torch.allclose(ours, theirs.transpose(1, 2), atol=1e-6)


def test_training_lowers_the_loss(network):
    torch.manual_seed(5)
    time = torch.arange(32000) / 16000
    sound = 0.3 * torch.sin(2 * torch.pi * 220 * time) * ((time > 0.5) & (time < 1.5))
    targets = [torch.from_numpy(t)[None] for t in frame_targets([(0.5, 1.5, 57.0)], 101)]
    scripted = torch.jit.script(network).train()
    optimizer = torch.optim.Adam(scripted.parameters(), 1e-2)
    losses = []
    for _ in range(12):
        loss = scripted.loss(sound[None], *targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert all(np.isfinite(losses)) and losses[-1] < 0.7 * losses[0]


def test_a_right_answer_costs_less_than_a_wrong_one(network):
    right = [torch.from_numpy(t)[None] for t in frame_targets([(0.2, 0.6, 60.0)], 51)]
    wrong = [torch.from_numpy(t)[None] for t in frame_targets([(0.2, 0.6, 71.0)], 51)]
    fine = -0.5 * ((torch.arange(150) / 3 + 35 - 1 / 3 - 60) / 0.3) ** 2

    class Answer(networks.NoteNetwork):
        def forward(self, samples):
            logits = torch.full((1, 51, 20), -5.0)
            logits[..., 4] = 5  # third octave: MIDI 60
            logits[..., 7] = 5
            return logits, fine.expand(1, 51, 150), torch.zeros(1, 51)

    answer = Answer(4, 12, 6, 1)
    assert answer.loss(torch.zeros(1, 16000), *right) < answer.loss(torch.zeros(1, 16000), *wrong)


def test_targets_say_where_notes_are():
    onset, silence, pitch, offset = frame_targets([(0.2, 0.4, 60.5)], 40)
    assert onset.argmax() == 10 and offset.argmax() == 20
    assert (silence == 0).sum() == 10 and (pitch == 60.5).sum() == 10
    assert silence[9] == 1 and pitch[20] == -1
    for given in (avsvt.Notes([0.2], [0.4], [60.5]), np.array([[0.2, 0.4, 60.5]])):
        for made, target in zip(frame_targets(given, 40), (onset, silence, pitch, offset)):
            assert np.array_equal(made, target)


@pytest.mark.parametrize("lookahead", [1, 4])
def test_a_live_network_answers_from_what_it_may_know(lookahead):
    torch.manual_seed(1)
    network = networks.NoteNetwork(4, 12, 6, 2, lookahead=lookahead).eval()
    sound = torch.randn(2, 16100) * 0.1
    known = 320 * 20  # of which frame 20 - lookahead is the last to profit
    with torch.inference_mode():
        whole, part = network(sound), network(sound[:, :known])
    for all_of_it, beginning in zip(whole, part, strict=True):
        assert all_of_it.shape[1] == 16100 // 320 + 1
        same = (all_of_it[:, :21] - beginning).abs().flatten(2 if beginning.ndim > 2 else 1)
        frames = same.amax(2) if same.ndim > 2 else same
        assert frames[:, :21 - lookahead].max() == 0
        assert frames[:, 21 - lookahead:].max() > 0


def test_scripted_live_networks_are_the_same():
    torch.manual_seed(1)
    network = networks.NoteNetwork(4, 12, 6, 1, lookahead=3).eval()
    scripted = torch.jit.script(network)
    for n in (0, 1, 319, 320, 4000):
        sound = torch.randn(1, n)
        for a, b in zip(network(sound), scripted(sound), strict=True):
            assert a.shape == b.shape and torch.equal(a, b)


@pytest.mark.parametrize("stem", ["notes-default", "notes-live"])
def test_the_tracked_models_hold_what_their_manifests_say(root, stem):
    model_path = root / "lib" / "models" / f"{stem}.pt"
    yaml = pytest.importorskip("yaml")
    with zipfile.ZipFile(model_path) as opened:
        names = opened.namelist()
    assert names[0] == f"{stem}/extra/avsvt.yaml"
    assert not [name for name in names if name.endswith(".debug_pkl")]
    entries = archive.read_entries(model_path.read_bytes())
    manifest = yaml.safe_load(entries["extra/avsvt.yaml"])
    state = torch.jit.load(model_path).state_dict()
    tensors = manifest["native"]["tensors"]
    assert set(tensors) == {n for n, t in state.items() if t.is_floating_point()}
    for name, place in tensors.items():
        stored = np.frombuffer(entries[place["entry"]], np.float32).reshape(place["shape"])
        assert np.array_equal(stored, state[name].numpy()), name


def seed_checkpoint(data):
    path = data / "seed-model/weights_general.pt"
    if not path.exists():
        pytest.skip(f"left out: {path} is missing")
    return path


def run_export(*arguments):
    return subprocess.run([sys.executable, "-m", "avsvt.export", *map(str, arguments)],
                          capture_output=True, text=True)


@pytest.mark.parametrize("kind", ["notes-default", "notes-live", "sight"])
def test_export_tells_what_a_wrong_file_is(kind, tmp_path):
    text, other = tmp_path / "text.pt", tmp_path / "other.pt"
    text.write_text("onset,offset,pitch\n")
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), other)
    for path in (text, other, tmp_path / "none.pt"):
        run = run_export(kind, path, "-o", tmp_path / "out.pt")
        assert run.returncode == 1 and run.stderr.startswith(f"avsvt.export: {path}: "), run.stderr
        assert run.stderr.count("\n") == 1 and not (tmp_path / "out.pt").exists()


def test_export_keeps_the_networks_it_was_trained_as(data, tmp_path):
    out = tmp_path / "notes.pt"
    run = run_export("notes-default", seed_checkpoint(data), "-o", out)
    assert run.returncode == 0, run.stderr
    assert "differs from the source network by at most 0" in run.stdout


def test_export_makes_the_tracked_model_again(model_path, tmp_path):
    out = tmp_path / "notes-default.pt"
    run = run_export("notes-default", model_path, "-o", out, "--licence", "MIT",
                     "--trained-on", model_path.with_suffix(".json"))
    assert run.returncode == 0, run.stderr
    ours, tracked = (archive.read_entries(p.read_bytes()) for p in (out, model_path))
    assert ours["extra/avsvt.yaml"] == tracked["extra/avsvt.yaml"]
    for name in ours:
        if name.startswith("data/"):
            assert ours[name] == tracked[name], name


@pytest.mark.parametrize("kind", ["notes-default", "notes-live"])
def test_export_tells_of_its_data_what_it_is_told(kind, tmp_path):
    start, out, told = (tmp_path / name for name in ("start.pt", "out.pt", "told.json"))
    torch.jit.save(torch.jit.script(networks.NoteNetwork(4, 12, 6, 2).eval()), start)
    run = run_export(kind, start, "-o", out)
    assert run.returncode == 0, run.stderr
    with avsvt.Model(out) as model:
        assert model.get("licence") == "unknown" and model.get("trained_on.0.name") is None
    told.write_text('[{"name": "my songs", "licence": "mine"}]')
    run = run_export(kind, start, "-o", out, "--licence", "CC0-1.0", "--trained-on", told)
    assert run.returncode == 0, run.stderr
    with avsvt.Model(out) as model:
        assert model.get("licence") == "CC0-1.0"
        assert model.get("trained_on.0.name") == "my songs"
        assert model.get("trained_on.0.licence") == "mine"
    out.unlink()
    for wrong in ("{", "{}", '["my songs"]', '[{"name": "my songs"}]',
                  '[{"name": 1, "licence": "mine"}]'):
        told.write_text(wrong)
        run = run_export(kind, start, "-o", out, "--trained-on", told)
        assert run.returncode == 1 and run.stderr.startswith(f"avsvt.export: {told}: "), run.stderr
        assert run.stderr.count("\n") == 1 and not out.exists()
    run = run_export(kind, start, "-o", out, "--trained-on", tmp_path / "none.json")
    assert run.returncode == 1 and "none.json" in run.stderr and run.stderr.count("\n") == 1


def test_export_makes_the_mean_of_several(tmp_path):
    paths, states = [tmp_path / "a.pt", tmp_path / "b.pt"], []
    for path in paths:
        network = networks.NoteNetwork(4, 12, 6, 2).eval()
        states.append(network.state_dict())
        torch.jit.save(torch.jit.script(network), path)
    run = run_export("notes-default", *paths, "-o", tmp_path / "mean.pt")
    assert run.returncode == 0, run.stderr
    mean = torch.jit.load(tmp_path / "mean.pt").state_dict()
    for name, tensor in mean.items():
        assert torch.allclose(tensor.double(), (states[0][name].double() +
                                                states[1][name].double()) / 2, atol=1e-6), name
    torch.jit.save(torch.jit.script(networks.NoteNetwork(4, 12, 8, 2).eval()), paths[1])
    run = run_export("notes-default", *paths, "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and "b.pt: its sizes" in run.stderr


def test_export_makes_a_live_model_to_start_from_and_of_a_trained_one(tmp_path):
    whole = networks.NoteNetwork(4, 12, 6, 2).eval()
    scripted, first, last = (tmp_path / name for name in ("whole.pt", "first.pt", "last.pt"))
    torch.jit.save(torch.jit.script(whole), scripted)
    run = run_export("notes-live", scripted, "--lookahead", 2, "-o", first)
    assert run.returncode == 0, run.stderr
    begun = torch.jit.load(first).state_dict()
    assert torch.equal(begun["timing_near.conv.weight"], whole.timing_near.conv.weight)
    near = whole.pitch.near.depth.weight  # what it heard later counts for the present
    assert torch.allclose(begun["pitch.near.depth.weight"].sum(2), near.sum(2), atol=1e-6)
    assert begun["pitch.near.depth.weight"][:, :, :2].abs().max() == 0
    run = run_export("notes-live", first, "-o", last)
    assert run.returncode == 0, run.stderr
    assert last.stat().st_size < first.stat().st_size / 2
    ended = torch.jit.load(last).state_dict()
    assert all(torch.equal(begun[name], ended[name]) for name in begun)
    with avsvt.Model(last) as model:
        assert model.get("native.family") == "harmonic-gru-live-1"
        assert model.get("native.config.lookahead") == "2"
        assert model.run(np.zeros((1, 1000), np.float32))[0].shape == (1, 4, 20)
    with avsvt.Stream(16000, last) as stream:
        assert stream.info().lookahead_s == pytest.approx(0.04)


def test_export_makes_the_mean_of_live_models(tmp_path):
    paths = [tmp_path / name for name in ("a.pt", "b.pt", "mean.pt", "other.pt", "whole.pt")]
    for path, sizes in zip(paths, ({}, {}, None, {"lookahead": 1}, {"lookahead": 0})):
        if sizes is not None:
            network = networks.NoteNetwork(4, 12, 6, 2, **{"lookahead": 2, **sizes}).eval()
            torch.jit.save(torch.jit.script(network), path)
    a, b, made, other, whole = paths
    run = run_export("notes-live", a, a, b, "-o", made)
    assert run.returncode == 0, run.stderr
    one, two, mean = (torch.jit.load(p).state_dict()["heads.weight"] for p in (a, b, made))
    assert torch.allclose(mean, (2 * one + two) / 3, atol=1e-6)
    run = run_export("notes-live", a, other, "-o", made)
    assert run.returncode == 1 and "other.pt: its sizes" in run.stderr
    run = run_export("notes-live", a, whole, "-o", made)
    assert run.returncode == 1 and "whole.pt: it must know the whole sound" in run.stderr


def test_export_refuses_what_is_no_note_network(tmp_path):
    other = tmp_path / "other.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), other)
    run = run_export("notes-live", other, "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and "not a note network" in run.stderr
    run = run_export("notes-live", tmp_path / "absent.pt", "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and "absent.pt" in run.stderr


@pytest.mark.parametrize("spoil, told", [
    (lambda made: setattr(made, "heads", torch.nn.Linear(12, 21)), "heads.weight is [21, 12]"),
    (lambda made: made.heads.bias.data.fill_(float("nan")), "heads.bias has values that are not")])
@pytest.mark.parametrize("kind", ["notes-default", "notes-live"])
def test_export_names_the_weights_that_do_not_fit(network, kind, spoil, told, tmp_path):
    spoil(network)
    torch.jit.save(torch.jit.script(network), tmp_path / "own.pt")
    run = run_export(kind, tmp_path / "own.pt", "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and run.stdout == ""
    assert f"{tmp_path / 'own.pt'}: its weights are not those of the network: {told}" in run.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["own.pt"]


def test_export_writes_nothing_when_the_networks_differ(data, tmp_path, monkeypatch):
    path = seed_checkpoint(data)
    source = notes_default.source_network

    def other(*arguments):
        network = source(*arguments)
        with torch.no_grad():
            network.head.bias += 0.01
        return network

    monkeypatch.setattr(notes_default, "source_network", other)
    out = tmp_path / "out.pt"
    from avsvt.export.__main__ import main
    assert main(["notes-default", str(path), "-o", str(out)]) == 1
    assert not list(tmp_path.iterdir())


def test_export_refuses_what_it_cannot_read(tmp_path):
    assert run_export("--list").stdout.split("\t")[0] == "notes-default"
    assert run_export().returncode == 2
    torch.save({"weights": torch.zeros(3)}, tmp_path / "other.pt")
    run = run_export("notes-default", tmp_path / "other.pt", "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and "other.pt" in run.stderr
    run = run_export("notes-default", tmp_path / "absent.pt", "-o", tmp_path / "out.pt")
    assert run.returncode == 1 and "absent.pt" in run.stderr
    assert {"notes-default", "notes-live"} <= set(export.KINDS)


@pytest.mark.parametrize("time", [64, 128, 129, 130, 500])
@pytest.mark.parametrize("kernel", [64, 127, 128])
def test_the_convolution_of_positions_is_the_plain_one(time, kernel):
    from avsvt.networks.positions import by_blocks, convolve
    torch.manual_seed(time)
    x, weight, bias = torch.randn(2, time, 24), torch.randn(24, 6, kernel), torch.randn(24)
    plain = torch.nn.functional.conv1d(x.transpose(1, 2), weight, bias, padding=kernel // 2,
                                       groups=4).transpose(1, 2)[:, :time]
    assert (by_blocks(x, weight, bias, 4) - plain).abs().max() < 1e-4
    assert torch.equal(convolve(x, weight, bias, 4, True), plain)
    assert torch.equal(convolve(x, weight, bias, 4, False), by_blocks(x, weight, bias, 4))
