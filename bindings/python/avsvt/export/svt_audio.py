# SPDX-License-Identifier: MIT
"""Export of AV_SVT's audio-only system: encoder, head and the pipeline file.

A checkpoint of it holds weights only. What they do not tell comes from the
encoder's config.json (--config); without it the published encoders' way is
assumed and the result says so.
"""
import os
import re
from argparse import ArgumentParser, Namespace
from typing import Optional

import torch

from . import encoder, huggingface, parts, svt_trained, weights
from .types import State, Told

OUTPUT = "OUT.yaml"
SUMMARY = ("AV_SVT's audio system: encoder, head and pipeline file (a CKPT folder, or its "
           "wav2vec2.ckpt and model.ckpt; or what `avsvt train` made of svt-audio-whole)")
INPUT_EPSILON = 1e-5  # torch's layer_norm, by which AV_SVT normalises
ENCODERS = ["wav2vec2.ckpt", "wav2vec2.pt"]
# An encoder, its head's weight and bias, where the head lies, its licence, and a note.
Gathered = tuple[encoder.Encoder, torch.Tensor, torch.Tensor, str, Optional[str], str]
HEADS = ["model.ckpt", "model.pt"]


def add_arguments(parser: ArgumentParser) -> None:
    encoder.add_arguments(parser)
    parser.add_argument("--config", metavar="CONFIG",
                        help="the encoder's config.json, its folder or its hub name; default: "
                             "told from the weights")
    parser.add_argument("--local-files-only", action="store_true",
                        help="a hub name is looked up in the local cache only")
    parser.add_argument("--no-input-norm", action="store_true",
                        help="the sound was not normalised in training")
    parser.add_argument("--no-output-norm", action="store_true",
                        help="the features were not normalised in training")


def shape(state: State, ending: str, rank: int, what: str) -> torch.Size:
    """Of the first entry whose name ends so (a pattern)."""
    found = [key for key in state if re.search(ending + "$", key)]
    if not found:
        raise ValueError(f"{what}: not a speech encoder of AV_SVT: it lacks "
                         + ending.replace("\\", ""))
    return weights.shape(state, found[0], what, rank)


def told_by_weights(state: State, what: str) -> Told:
    """The configuration as far as shapes tell it; what they do not tell is
    as in every published encoder."""
    width = shape(state, r"feature_projection\.projection\.weight", 2, what)[0]
    convolutions = sorted(int(found[1]) for found in (
        re.search(r"feature_extractor\.conv_layers\.(\d+)\.conv\.weight$", key) for key in state)
        if found)
    fronts = [shape(state, rf"conv_layers\.{i}\.conv\.weight", 3, what) for i in convolutions]
    if [front[2] for front in fronts] != list(encoder.DEFAULTS["conv_kernel"]):
        raise ValueError(f"{what}: its convolutions are not those of the published encoders; "
                         "name the encoder's config.json with --config")
    norms = any(key.endswith("conv_layers.1.layer_norm.weight") for key in state)
    layers = {found[1] for found in (re.search(r"encoder\.layers\.(\d+)\.", key)
                                     for key in state) if found}
    config = {
        "model_type": "wav2vec2", "hidden_size": width, "num_hidden_layers": len(layers),
        "num_attention_heads": max(1, width // 64), "conv_dim": [front[0] for front in fronts],
        "intermediate_size": shape(state, r"intermediate_dense\.weight", 2, what)[0],
        "conv_bias": any(key.endswith("conv_layers.0.conv.bias") for key in state),
        "feat_extract_norm": "layer" if norms else "group", "do_stable_layer_norm": norms,
    }
    if any("pos_conv_embed.layers." in key for key in state):
        position = shape(state, r"pos_conv_embed\.layers\.0\.conv\.weight", 3, what)
        config.update(model_type="data2vec-audio", do_stable_layer_norm=False,
                      conv_pos_kernel_size=position[2], num_conv_pos_embeddings=sum(
                          bool(re.search(r"pos_conv_embed\.layers\.\d+\.conv\.weight$", key))
                          for key in state))
    else:
        position = shape(state, r"pos_conv_embed\.conv\.(weight_v|weight|parametrizations\."
                                r"weight\.original1)", 3, what)
        config["num_conv_pos_embeddings"] = position[2]
    config["num_conv_pos_embedding_groups"] = width // max(1, position[1])
    if any(key.endswith("rel_attn_embed.weight") for key in state):
        buckets, heads = shape(state, r"rel_attn_embed\.weight", 2, what)
        config.update(model_type="wavlm", num_buckets=buckets, num_attention_heads=heads)
    return config


def configured(options: Namespace) -> tuple[Told, bool]:
    """What --config names: the configuration, and whether sound is normalised."""
    path = options.config
    if os.path.isfile(path):
        return huggingface.read_json(path), True
    folder = huggingface.resolve(path, options.local_files_only)
    return (huggingface.config_of(folder),
            huggingface.sound_of(folder).get("do_normalize", True))


def sort_checkpoints(given: list[str]) -> tuple[str, str]:
    """The files of the encoder and the head."""
    if len(given) == 1 and os.path.isdir(given[0]):
        return weights.in_folder(given[0], ENCODERS), weights.in_folder(given[0], HEADS)
    if len(given) != 2 or any(os.path.isdir(each) for each in given):
        raise ValueError("svt-audio is made of a CKPT folder, or of its encoder's file and its "
                         "head's (wav2vec2.ckpt model.ckpt)")
    return given[0], given[1]


def encoder_of(state: State, where: str, options: Namespace) -> tuple[encoder.Encoder, str]:
    """The encoder of these weights, and what was guessed about it."""
    if options.config:
        config, normalised = configured(options)
        note = ""
    else:
        config, normalised = told_by_weights(state, where), True
        note = (f"\ntold from the weights: {config['model_type']}, "
                f"{config['num_attention_heads']} heads, layers that normalise "
                f"{'first' if config['do_stable_layer_norm'] else 'last'}; --config says it "
                "for sure")
    family = config.get("model_type", "wav2vec2")
    if family not in encoder.FAMILIES:
        raise ValueError(f"{options.config}: model_type is {family}; known are "
                         + ", ".join(encoder.FAMILIES))
    return encoder.Encoder(
        family, config, state, where, output_norm=not options.no_output_norm,
        input_epsilon=INPUT_EPSILON if normalised and not options.no_input_norm else 0.0), note


def head_of(path: str, made: encoder.Encoder,
            where: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of the head for this encoder, which lies in `where`."""
    return parts.note_head(weights.state_of(path), path, made.options["width"], where)


def of_trained(path: str, options: Namespace) -> Gathered:
    """As `gather`, of one file: what `avsvt train` made."""
    if options.config or options.no_input_norm or options.no_output_norm:
        raise ValueError(f"{path}: a trained model file says itself what --config, "
                         "--no-input-norm and --no-output-norm would say")
    made = svt_trained.Trained(path)
    return made, *made.head(), path, made.licence(), ""


def is_trained(given: list[str]) -> bool:
    return len(given) == 1 and not os.path.isdir(given[0])


def gather(options: Namespace) -> Gathered:
    """Encoder, weights of the head, where the head lies, licence, and what was
    guessed."""
    given = options.checkpoints
    if is_trained(given):
        return of_trained(given[0], options)
    where, head = sort_checkpoints(given)
    made, note = encoder_of(weights.state_of(where), where, options)
    return made, *head_of(head, made, where), head, None, note


def export(options: Namespace) -> str:
    given = options.checkpoints
    to = parts.outputs(options.output, given if is_trained(given) else sort_checkpoints(given),
                       "encoder", "head")
    made, weight, bias, head, licence, note = gather(options)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    told = made.write(to["encoder"], options, licence, name=f"{name}-encoder")
    parts.write_note_head(to["head"], f"{name}-head", weight, bias,
                          options.licence or licence or "unknown", head)
    parts.write_pipeline(to["pipeline"], {"audio": to["encoder"], "head": to["head"]},
                         {"mode": "published"})
    return f"{told}\n{to['head']}\n{to['pipeline']}{note}"
