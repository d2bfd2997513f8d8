# SPDX-License-Identifier: MIT
"""Export of speech encoders from fairseq's own checkpoints, without fairseq.

The weights get transformers' names; from there the way is that of a Hugging
Face folder, and the network that the export is compared with is transformers'
of the same configuration.
"""
import re
from argparse import ArgumentParser, Namespace

import torch

from . import encoder, huggingface, weights
from .types import State, Told

INPUT_EPSILON = 1e-5  # fairseq normalises with torch's layer_norm
# Encoders lie deeper in fine-tuned models.
PREFIXES = ("w2v_encoder.w2v_model.", "encoder.w2v_model.", "")
UNUSED = re.compile(r"(mask_emb|label_embs_concat)$|(quantizer|project_q|final_proj|target_glu|"
                    r"input_quantizer)\.")
RENAMED = [
    (r"^(feature_extractor\.conv_layers\.\d+)\.0\.", r"\1.conv."),
    (r"^(feature_extractor\.conv_layers\.\d+)\.2\.(1\.)?", r"\1.layer_norm."),
    (r"^post_extract_proj\.", "feature_projection.projection."),
    (r"^layer_norm\.", "feature_projection.layer_norm."),
    (r"^encoder\.pos_conv\.0\.", "encoder.pos_conv_embed.conv."),
    (r"\.self_attn\.", ".attention."), (r"\.self_attn_layer_norm\.", ".layer_norm."),
    (r"\.fc1\.", ".feed_forward.intermediate_dense."),
    (r"\.fc2\.", ".feed_forward.output_dense."),
]
# Ours, fairseq's.
SETTINGS = [
    ("num_attention_heads", "encoder_attention_heads"), ("hidden_act", "activation_fn"),
    ("do_stable_layer_norm", "layer_norm_first"), ("hidden_dropout", "dropout"),
    ("attention_dropout", "attention_dropout"), ("activation_dropout", "activation_dropout"),
    ("feat_proj_dropout", "dropout_input"), ("layerdrop", "encoder_layerdrop"),
]


def settings_of(checkpoint: Told) -> Told:
    """What the checkpoint tells of the encoder and of its sound, flat."""
    told = weights.plain(checkpoint.get("cfg")) or weights.plain(checkpoint.get("args"))
    found = {}
    while isinstance(told, dict):
        inner = told.get("model")
        inner = inner if isinstance(inner, dict) else told
        found.update({key: value for key, value in inner.items() if value is not None})
        task = told.get("task")
        if isinstance(task, dict) and task.get("normalize") is not None:
            found["normalize"] = task["normalize"]
        told = inner.get("w2v_args")  # a fine-tuned model holds its encoder's
    return found


def read(path: str) -> tuple[State, Told]:
    """The encoder's weights under their fairseq names, and the settings."""
    checkpoint = weights.read(path)
    if not isinstance(checkpoint, dict):
        raise ValueError(f"{path}: not a fairseq checkpoint")
    state = checkpoint.get("model")
    state = state if isinstance(state, dict) else checkpoint
    state = weights.floats({name: value for name, value in state.items()
                            if isinstance(value, torch.Tensor)})
    for prefix in PREFIXES:
        if f"{prefix}feature_extractor.conv_layers.0.0.weight" in state:
            return weights.take(state, prefix), settings_of(checkpoint)
    raise ValueError(f"{path}: not a wav2vec 2.0 or HuBERT of fairseq: it lacks "
                     "feature_extractor.conv_layers.0.0.weight")


def renamed(state: State) -> State:
    made = {}
    for name, value in state.items():
        # The classifier of a fine-tuned model lies outside the encoder.
        if UNUSED.match(name) or name.startswith(("w2v_encoder.", "decoder.")):
            continue
        for pattern, new in RENAMED:
            name = re.sub(pattern, new, name)
        made[name] = value
    return made


def strides(settings: Told, count: int, path: str) -> list[int]:
    """From text like ``[(512, 10, 5)] + [(512, 3, 2)] * 4``."""
    text = settings.get("conv_feature_layers")
    if text is None:
        return list(encoder.DEFAULTS["conv_stride"])
    if not re.fullmatch(r"[\s\d(),+*\[\]]{1,400}", str(text)):
        raise ValueError(f"{path}: conv_feature_layers is not understood: {str(text)[:60]}")
    found = []
    for group, times in re.findall(r"\[((?:\([^()]*\)[\s,]*)+)\](?:\s*\*\s*(\d{1,2}))?",
                                   str(text)):
        each = re.findall(r"\(\s*\d+\s*,\s*\d+\s*,\s*(\d+)\s*\)", group)
        found += [int(stride) for stride in each] * int(times or 1)
    if len(found) != count:
        raise ValueError(f"{path}: conv_feature_layers tells {len(found)} convolutions, the "
                         f"weights are of {count}")
    return found


def configuration(state: State, settings: Told, path: str) -> Told:
    """As a config.json of transformers: sizes from the weights, the rest from
    the settings. `state` has transformers' names."""
    def shape(name: str, rank: int) -> torch.Size:
        return weights.shape(state, name, path, rank)

    layers = {found[1] for found in (re.match(r"encoder\.layers\.(\d+)\.", name)
                                     for name in state) if found}
    fronts = [shape(f"feature_extractor.conv_layers.{i}.conv.weight", 3) for i in range(len(
        [name for name in state if re.search(r"conv_layers\.\d+\.conv\.weight$", name)]))]
    width = shape("feature_projection.projection.weight", 2)[0]
    position = shape("encoder.pos_conv_embed.conv.weight_v", 3)
    norms = "feature_extractor.conv_layers.1.layer_norm.weight" in state
    config = {
        "hidden_size": width, "num_hidden_layers": len(layers),
        "num_attention_heads": max(1, width // 64),
        "intermediate_size": shape("encoder.layers.0.feed_forward.intermediate_dense.weight", 2)[0],
        "conv_dim": [front[0] for front in fronts],
        "conv_kernel": [front[2] for front in fronts],
        "conv_stride": strides(settings, len(fronts), path),
        "conv_bias": "feature_extractor.conv_layers.0.conv.bias" in state,
        "feat_extract_norm": "layer" if norms else "group", "do_stable_layer_norm": norms,
        "num_conv_pos_embeddings": position[2],
        "num_conv_pos_embedding_groups": width // max(1, position[1]),
    }
    config.update((ours, settings[theirs]) for ours, theirs in SETTINGS if theirs in settings)
    return config


class Kind:
    """One of the two families."""

    def __init__(self, family: str, what: str):
        self.family = family
        self.SUMMARY = f"{what}, pre-trained or fine-tuned (a fairseq .pt)"

    @staticmethod
    def add_arguments(parser: ArgumentParser) -> None:
        encoder.add_arguments(parser)
        encoder.add_layer_arguments(parser)

    def export(self, options: Namespace) -> str:
        if len(options.checkpoints) != 1:
            raise ValueError(f"fairseq-{self.family}: one checkpoint is needed")
        path = options.checkpoints[0]
        state, settings = read(path)
        state = renamed(state)
        path = f"{path}, as transformers names it"
        config = configuration(state, settings, path)
        normalised = settings.get("normalize", config["feat_extract_norm"] == "layer")
        made = encoder.Encoder(
            self.family, config, state, path, output_norm=options.output_norm,
            input_epsilon=INPUT_EPSILON if normalised else 0.0, layer=options.layer,
            mix=huggingface.layer_weights(options.layer_weights))
        told = made.write(options.output, options)
        if settings:
            return told
        return (f"{told}\nthe checkpoint tells no settings: {config['num_attention_heads']} "
                f"heads, layers that normalise "
                f"{'first' if config['do_stable_layer_norm'] else 'last'}, sound "
                f"{'normalised' if normalised else 'as it is'}")


wav2vec2 = Kind("wav2vec2", "wav2vec 2.0")
hubert = Kind("hubert", "HuBERT")
