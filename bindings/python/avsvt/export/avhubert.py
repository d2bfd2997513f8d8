# SPDX-License-Identifier: MIT
"""Export of AV-HuBERT: a fairseq checkpoint, pre-trained or fine-tuned, without
fairseq; of a fine-tuned one the encoder is taken."""
import os
import re
from argparse import ArgumentParser, Namespace
from typing import Any, Optional

import torch

from ..networks import avhubert as networks
from . import encoder, parts, provenance, weights
from .avhubert_source import Source
from .types import Inputs, Run, State, Told

SUMMARY = "AV-HuBERT, base or large, pre-trained or fine-tuned (a fairseq .pt)"
MODALITIES = {"video": networks.VideoEncoder, "audio": networks.AudioEncoder,
              "audio-video": networks.AudioVideoEncoder}
PREFIXES = ("encoder.w2v_model.", "w2v_encoder.w2v_model.", "model.", "")
# What only training, or the decoder of a fine-tuned model, needs.
UNUSED = re.compile(r"mask_emb$|label_embs_concat$|final_proj\.|.*num_batches_tracked$")
MEAN, DEVIATION, SIDE = 0.421, 0.165, 88

# How our names become the checkpoint's.
RENAMED = [
    (r"^lips\.(conv)\.", "feature_extractor_video.resnet.frontend3D.0."),
    (r"^lips\.norm\.", "feature_extractor_video.resnet.frontend3D.1."),
    (r"^lips\.relu\.", "feature_extractor_video.resnet.frontend3D.2."),
    (r"^lips\.layer", "feature_extractor_video.resnet.trunk.layer"),
    (r"^sight\.", "feature_extractor_video.proj."), (r"^sound\.", "feature_extractor_audio.proj."),
    (r"^body\.fuse_norm\.", "layer_norm."), (r"^body\.fuse\.", "post_extract_proj."),
    (r"^body\.position\.gain$", "encoder.pos_conv.0.weight_g"),
    (r"^body\.position\.direction$", "encoder.pos_conv.0.weight_v"),
    (r"^body\.position\.", "encoder.pos_conv.0."), (r"^body\.norm\.", "encoder.layer_norm."),
    (r"^body\.layers\.(\d+)\.norm\.", r"encoder.layers.\1.final_layer_norm."),
    (r"^body\.layers\.", "encoder.layers."), (r"\.attention_norm\.", ".self_attn_layer_norm."),
    (r"\.inner\.", ".fc1."), (r"\.outer\.", ".fc2."),
    (r"\.attention\.(q|k|v)\w+\.", r".self_attn.\1_proj."),
    (r"\.attention\.out\.", ".self_attn.out_proj."),
]

# What only training needs: our name, fairseq's, and fairseq's where a file does not
# tell it.
TRAINING = [("dropout", "dropout", 0.1), ("attention_dropout", "attention_dropout", 0.1),
            ("inner_dropout", "activation_dropout", 0.0), ("input_dropout", "dropout_input", 0.0),
            ("layer_drop", "encoder_layerdrop", 0.0), ("front_gradient", "feature_grad_mult", 1.0)]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--modality", choices=list(MODALITIES), default="video",
                        help="what goes in (default video)")
    parser.add_argument("--layer", type=int, default=0, metavar="N",
                        help="give the state after this layer, from 1; default: the end")
    parser.add_argument("--normalise", action="store_true",
                        help="normalise the features over the whole piece, as AV_SVT does")
    parser.add_argument("--frame-rate", type=float, default=25.0, metavar="HZ",
                        help="frames a second of the pictures (default 25; AV_SVT feeds 50)")
    add_common(parser)


def add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--heads", type=int, metavar="N",
                        help="attention heads, where the checkpoint does not tell; default: one "
                             "for 64 channels")
    parser.add_argument("--name", help="the model's name; default: the output's")
    provenance.add_licence(parser)


def options_of(checkpoint: Told) -> Told:
    """The architecture's options; empty where the file does not tell them."""
    found = weights.plain(checkpoint.get("cfg")) or {}
    found = found.get("model") if isinstance(found, dict) else None
    if not isinstance(found, dict):
        found = weights.plain(checkpoint.get("args")) or {}
    inner = found.get("w2v_args") if isinstance(found, dict) else None
    if isinstance(inner, dict):  # fine-tuned: the encoder's lie inside
        found = inner.get("model", inner)
    return found if isinstance(found, dict) else {}


def load(path: str) -> tuple[State, Told]:
    """The encoder's entries under their own names, and its options."""
    checkpoint = weights.read(path)
    if not isinstance(checkpoint, dict):
        raise ValueError(f"{path}: not a fairseq checkpoint")
    wrapped = isinstance(checkpoint.get("model"), dict)
    state = checkpoint["model"] if wrapped else checkpoint
    state = weights.floats({name: value for name, value in state.items()
                            if isinstance(value, torch.Tensor)})
    for prefix in PREFIXES:
        for module in ("", "module."):
            if f"{module}{prefix}post_extract_proj.weight" in state:
                return (weights.take(state, module + prefix),
                        options_of(checkpoint) if wrapped else {})
    raise ValueError(f"{path}: not AV-HuBERT: it lacks post_extract_proj.weight")


def configuration(state: State, options: Told, heads: Optional[int], path: str) -> Told:
    """Sizes from the weights' shapes, the rest from the checkpoint's options."""
    width = weights.shape(state, "post_extract_proj.weight", path, 2)[0]
    layers = {int(found[1]) for found in (re.match(r"encoder\.layers\.(\d+)\.", name)
                                          for name in state) if found}
    position = weights.shape(state, "encoder.pos_conv.0.weight_v", path, 3)
    gains = weights.shape(state, "encoder.pos_conv.0.weight_g", path, 3)
    if gains != (1, 1, position[2]):
        raise ValueError(f"{path}: encoder.pos_conv.0.weight_g is {list(gains)} where "
                         f"{[1, 1, position[2]]} is needed")
    for key, known in (("modality_fuse", "concat"), ("resnet_relu_type", "prelu"),
                       ("activation_fn", "gelu"), ("layer_type", "transformer"),
                       ("sub_encoder_layers", 0)):
        if options.get(key, known) != known:
            raise ValueError(f"{path}: its {key} is {options[key]}; only {known} is known")
    if heads is None:
        heads = options.get("encoder_attention_heads") or max(1, width // 64)
    if not isinstance(heads, int) or heads < 1 or width % heads:
        raise ValueError(f"{path}: {width} channels can't be shared by {heads} heads")
    return {
        "width": width, "layers": len(layers), "heads": heads,
        "inner": weights.shape(state, "encoder.layers.0.fc1.weight", path, 2)[0],
        "norm_first": bool(options.get("layer_norm_first", True)),
        "kernel": position[2], "groups": width // max(1, position[1]),
    }


def training(options: Told, path: str) -> Told:
    """What acts in training only, from the checkpoint's options."""
    found = {}
    for ours, name, usual in TRAINING:
        value = options.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ValueError(f"{path}: its {name} is {value}; it must be 0 to 1")
        found[ours] = float(value)
    return found


def theirs(name: str) -> str:
    for pattern, new in RENAMED:
        name = re.sub(pattern, new, name)
    return name


def fill(network: torch.nn.Module, state: State, layers: int, path: str) -> None:
    """Give the network the checkpoint's weights."""
    def spare(name: str) -> object:
        return (UNUSED.match(name) or is_layer(name, layers)
                or re.match(r"feature_extractor_(audio|video)\.", name))
    weights.put(network, encoder.fold(state), path, theirs, spare)


def gain(network: networks.VideoEncoder, state: State) -> None:
    """Positions with gain and direction, as the checkpoint has them, to be trained."""
    g, v = (state[f"encoder.pos_conv.0.weight_{part}"] for part in "gv")
    encoder.put_gained(network.body, "position", g, v)


def is_layer(name: str, layers: int) -> bool:
    """Whether the entry is one that every layer has (some may be left out of
    the export)."""
    found = re.fullmatch(
        r"encoder\.layers\.(\d+)\.(self_attn\.[kvq]_proj|self_attn\.out_proj|"
        r"self_attn_layer_norm|fc1|fc2|final_layer_norm)\.(weight|bias)", name)
    return found is not None and int(found[1]) < layers


def seen() -> list[tuple[torch.Tensor, ...]]:
    """Pictures to compare on."""
    return [(parts.noise(1, n, SIDE, SIDE),) for n in (1, 9)]


def compared(modality: str, network: Any, source: Source) -> tuple[Run, Inputs]:
    """Inputs to compare on, and the source as a function of the same."""
    pictures = [each for each, in seen()]
    sounds = [parts.noise(1, n, seed=8) * 0.1 for n in (700, 16123)]

    def seen_alone(frames: torch.Tensor) -> torch.Tensor:
        video = source.video(frames)
        return source.body(torch.zeros_like(video), video)

    def heard_alone(samples: torch.Tensor) -> torch.Tensor:
        audio = source.audio(network.spectra(samples, 0))
        return source.body(audio, torch.zeros_like(audio))

    def both(samples: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        return source.body(source.audio(network.spectra(samples, frames.shape[1])),
                           source.video(frames))

    if modality == "video":
        return seen_alone, seen()
    if modality == "audio":
        return heard_alone, [(each,) for each in sounds]
    return both, list(zip(sounds, pictures))


def sees(rate: float) -> Told:
    """What a manifest's input tells of pictures."""
    return {"width": SIDE, "height": SIDE, "frame_rate": rate, "mean": MEAN,
            "deviation": DEVIATION}


def manifest(name: str, modality: str, config: Told, rate: float, licence: str) -> Told:
    sound = {"sample_rate": networks.SAMPLE_RATE,
             "hop": networks.HOP * networks.STACKED}
    told: Told = {"kind": modality}
    told.update(sound if "audio" in modality else {})
    told.update(sees(rate) if "video" in modality else {})
    return {"avsvt": 1, "name": name, "role": "extractor", "input": told,
            "output": {"width": config["width"],
                       "frame_rate": rate if "video" in modality else 25.0},
            "chunk": {"length_s": 20, "context_s": 5}, "licence": licence}


def write(path: str, checkpoint: str, state: State, config: Told, modality: str, rate: float,
          name: str, licence: str) -> float:
    """Write the encoder as a model file; how much it differs from the source."""
    body = networks.Body(**config)
    network = MODALITIES[modality](body)
    fill(network, state, config["layers"], checkpoint)
    network.eval()
    source, inputs = compared(modality, network, Source(state, config))
    return parts.write_model(path, network, manifest(name, modality, config, rate, licence),
                             source, inputs, checkpoint)


def export(options: Namespace) -> str:
    if len(options.checkpoints) != 1:
        raise ValueError("avhubert is made of one checkpoint")
    path = options.checkpoints[0]
    state, told = load(path)
    config = configuration(state, told, options.heads, path)
    config.update(upto=options.layer, whole_norm=options.normalise)
    if not 0.1 <= options.frame_rate <= 1000:
        raise ValueError("--frame-rate must be 0.1 to 1000")
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    worst = write(options.output, path, state, config, options.modality, options.frame_rate,
                  name, options.licence)
    return (f"{options.output}: {config['layers']} layers of {config['width']}, "
            f"{config['heads']} heads; differs from the source network by at most {worst:.2g}")
