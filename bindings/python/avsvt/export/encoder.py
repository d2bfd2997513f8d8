# SPDX-License-Identifier: MIT
"""What the exporters of speech encoders share: a checkpoint's configuration
and names, as transformers writes them, become our network; the network is
compared with transformers' own and written."""
import os
import re
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any, Optional

import torch

from ..networks import speech
from ..networks.positions import GainedTaps
from . import parts, weights
from .types import Inputs, Run, State, Told

# Per family: the class that it is compared with, and what its configuration
# means where it says nothing.
FAMILIES: dict[str, tuple[str, Told]] = {
    "wav2vec2": ("Wav2Vec2Model", {}),
    "hubert": ("HubertModel", {}),
    "wavlm": ("WavLMModel", {"num_buckets": 320, "max_bucket_distance": 800}),
    "data2vec-audio": ("Data2VecAudioModel", {
        "feat_extract_norm": "layer", "num_conv_pos_embeddings": 5,
        "conv_pos_kernel_size": 19}),
}
DEFAULTS: Told = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "hidden_act": "gelu", "feat_extract_activation": "gelu",
    "feat_extract_norm": "group", "conv_dim": [512] * 7, "conv_stride": list(speech.STRIDES),
    "conv_kernel": list(speech.KERNELS), "conv_bias": False, "feat_proj_layer_norm": True,
    "num_conv_pos_embeddings": 128, "num_conv_pos_embedding_groups": 16,
    "do_stable_layer_norm": False, "layer_norm_eps": 1e-5, "hidden_dropout": 0.1,
    "attention_dropout": 0.1, "activation_dropout": 0.1, "feat_proj_dropout": 0.0,
    "layerdrop": 0.1, "add_adapter": False, "adapter_attn_dim": None,
    "conv_pos_batch_norm": False,
}
# Parts of a checkpoint that have no say in the features.
UNUSED = re.compile(r"masked_spec_embed$|(lm_head|quantizer|project_hid|project_q|projector|"
                    r"classifier)\.|layer_weights$")
# How our names become the checkpoint's.
RENAMED = [
    (r"^front\.(\d+)\.over_\w+\.", r"front.\1.layer_norm."),
    (r"^front\.", "feature_extractor.conv_layers."),
    (r"^projection_norm\.", "feature_projection.layer_norm."),
    (r"^projection\.", "feature_projection.projection."),
    (r"^positions\.", "encoder.pos_conv_embed.layers."),
    (r"^distances\.values\.", "encoder.layers.0.attention.rel_attn_embed."),
    (r"^(layers\.\d+)\.norm\.", r"\1.final_layer_norm."),
    (r"^(layers\.\d+)\.attention_norm\.", r"\1.layer_norm."),
    (r"^norm\.", "encoder.layer_norm."), (r"^layers\.", "encoder.layers."),
    (r"\.gate\.linear\.", ".gru_rel_pos_linear."), (r"\.gate\.scale$", ".gru_rel_pos_const"),
    (r"\.query\.", ".q_proj."), (r"\.key\.", ".k_proj."), (r"\.value\.", ".v_proj."),
    (r"\.out\.", ".out_proj."), (r"\.inner\.", ".feed_forward.intermediate_dense."),
    (r"\.outer\.", ".feed_forward.output_dense."),
]
# What a configuration's values must be.
COUNTS = ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
          "num_conv_pos_embeddings", "num_conv_pos_embedding_groups"]
MORE_COUNTS = {"wavlm": ["num_buckets", "max_bucket_distance"],
               "data2vec-audio": ["conv_pos_kernel_size"]}
LISTS = ["conv_dim", "conv_kernel", "conv_stride"]
FLAGS = ["conv_bias", "feat_proj_layer_norm", "do_stable_layer_norm"]
SHARES = ["hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout",
          "layerdrop", "layer_norm_eps"]
MOST = 65536  # of anything that is counted


def is_count(value: object) -> bool:
    return type(value) is int and 1 <= value <= MOST


def check(family: str, config: Told, what: str) -> None:
    """Refuses a complete configuration with a value that can't be."""
    def need(key: str, holds: Callable[[Any], bool], needed: str) -> None:
        if not holds(config[key]):
            raise ValueError(f"{what}: {key} is {repr(config[key])[:60]}: {needed} is needed")

    for key in COUNTS + MORE_COUNTS.get(family, []):
        need(key, is_count, f"a whole number, 1 to {MOST},")
    count = len(config["conv_dim"]) if isinstance(config["conv_dim"], (list, tuple)) else 0
    for key in LISTS:
        need(key, lambda value: isinstance(value, (list, tuple)) and len(value) == count > 0
             and all(is_count(each) for each in value),
             "a list of whole numbers, one for each convolution,")
    for key in FLAGS:
        need(key, lambda value: isinstance(value, bool), "true or false")
    for key in SHARES:
        need(key, lambda value: type(value) in (int, float) and 0 <= value <= 1, "0 to 1")


def complete(family: str, config: Told, what: str) -> Told:
    """The configuration with what it leaves out; refused where it can't be, or
    our network would be another one."""
    full = {**DEFAULTS, **FAMILIES[family][1],
            **{key: value for key, value in config.items() if value is not None}}
    for key in ("hidden_act", "feat_extract_activation"):
        if full[key] != "gelu":
            raise ValueError(f"{what}: {key} is {full[key]}; only gelu is known")
    for key in ("add_adapter", "adapter_attn_dim", "conv_pos_batch_norm"):
        if full[key]:
            raise ValueError(f"{what}: {key} is set; encoders with it can't be exported")
    if full["feat_extract_norm"] not in ("group", "layer"):
        raise ValueError(f"{what}: feat_extract_norm is {full['feat_extract_norm']}; group or "
                         "layer is known")
    check(family, full, what)
    return full


def sizes(family: str, config: Told) -> Told:
    """The options of our network for a complete configuration."""
    many = family == "data2vec-audio"
    return {
        "width": config["hidden_size"], "layers": config["num_hidden_layers"],
        "heads": config["num_attention_heads"], "inner": config["intermediate_size"],
        "channels": list(config["conv_dim"]), "kernels": list(config["conv_kernel"]),
        "strides": list(config["conv_stride"]), "conv_bias": config["conv_bias"],
        "front_norm": "time" if config["feat_extract_norm"] == "group" else "channels",
        "projection_norm": family != "hubert" or config["feat_proj_layer_norm"],
        "norm_first": config["do_stable_layer_norm"],
        "position_kernel": config["conv_pos_kernel_size" if many else "num_conv_pos_embeddings"],
        "position_groups": config["num_conv_pos_embedding_groups"],
        "position_layers": config["num_conv_pos_embeddings"] if many else 0,
        "buckets": config["num_buckets"] if family == "wavlm" else 0,
        "farthest": config["max_bucket_distance"] if family == "wavlm" else 800,
        "epsilon": config["layer_norm_eps"], "dropout": config["hidden_dropout"],
        "attention_dropout": config["attention_dropout"],
        "inner_dropout": config["activation_dropout"],
        "projection_dropout": config["feat_proj_dropout"], "layer_drop": config["layerdrop"],
    }


def bare(state: State) -> State:
    """Without the prefix of a fine-tuned or pre-training model, and without
    the parts that only those use."""
    for prefix in ("wav2vec2.", "hubert.", "wavlm.", "data2vec_audio.", "model."):
        if any(name.startswith(prefix + "feature_extractor.") for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return {name: value for name, value in state.items() if not UNUSED.match(name)}


# What weight normalisation calls gain and direction; the last is ours.
GAINED = (("weight_g", "weight_v"),
          ("parametrizations.weight.original0", "parametrizations.weight.original1"),
          ("gain", "direction"))


def fold(state: State) -> State:
    """Weight normalisation, which training uses, becomes a plain weight."""
    folded = dict(state)
    for gain, direction in GAINED:
        for name in [name for name in state if name.endswith(gain)]:
            stem = name[:-len(gain)]
            g, v = state[name], state.get(stem + direction)
            if v is None or v.ndim != 3 or g.shape != (1, 1, v.shape[2]):
                continue  # and is told of as what is not known
            del folded[name], folded[stem + direction]
            folded[stem + "weight"] = torch._weight_norm(v, g, 2)
    return folded


def put_gained(holder: torch.nn.Module, name: str, gain: torch.Tensor,
               direction: torch.Tensor) -> None:
    """The convolution of positions that is there under this name, with both to be trained."""
    bias = holder.get_parameter(f"{name}.bias")
    holder.add_module(name, GainedTaps(gain.float(), direction.float(), bias))


def theirs(name: str, many: bool) -> str:
    """Our name as the checkpoint's; `many`: it has several positions."""
    if not many:
        name = name.replace("positions.0.conv.", "encoder.pos_conv_embed.conv.")
    for pattern, new in RENAMED:
        name = re.sub(pattern, new, name)
    return name


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--name", help="the model's name; default: the output's")
    parser.add_argument("--licence", help="licence of the weights; default: the one in the "
                                          "checkpoint's README.md, else 'unknown'")
    parser.add_argument("--unchecked", action="store_true",
                        help="leave out the comparison with transformers' network")
    parser.add_argument("--int8", action="store_true",
                        help="linear layers compute with 8-bit integers on the CPU: smaller and "
                             "faster, features differ, and notes a little (the package's README "
                             "says how much); for running, not for training")


def typical(one: Run, other: Run, inputs: Inputs) -> float:
    """The largest difference of outputs in root mean square, relative."""
    worst = 0.0
    with torch.inference_mode():
        for arguments in inputs:
            a, b = one(*arguments), other(*arguments)
            worst = max(worst, ((a - b).norm() / b.norm().clamp(min=1e-9)).item())
    return worst


def add_layer_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--layer", type=int, metavar="N",
                        help="features are the state behind layer N (0: before the first); "
                             "default: the last. Layers behind it are not written")
    parser.add_argument("--layer-weights", metavar="W,W,...",
                        help="features are the sum of all states with these weights, one more "
                             "than there are layers")
    parser.add_argument("--output-norm", action="store_true",
                        help="features of each sound to mean 0 and variance 1 over all values, "
                             "as AV_SVT does")


def with_int8(network: torch.nn.Module) -> torch.nn.Module:
    """A copy whose linear layers have weights of 8 bits, scaled per row, and
    round what comes in to 8 bits when it comes."""
    from torch.ao import quantization
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch wants to move this elsewhere
        made: torch.nn.Module = quantization.quantize_dynamic(
            network, {torch.nn.Linear: quantization.per_channel_dynamic_qconfig},
            dtype=torch.qint8)
        return made


class Encoder:
    """A speech encoder of a family: configuration and weights under the names
    of transformers. `input_epsilon` as in SpeechEncoder."""

    def __init__(self, family: str, config: Told, state: State, what: str,
                 input_epsilon: float = 0.0, output_norm: bool = False,
                 layer: Optional[int] = None, mix: Optional[list[float]] = None):
        self.family, self.what, self.state = family, what, state
        self.config = complete(family, config, what)
        self.options = sizes(family, self.config)
        last = self.options["layers"]
        self.layer = last if layer is None or mix is not None else layer
        if not 0 <= self.layer <= last:
            raise ValueError(f"{what}: there is no layer {layer}: it has 0 to {last}")
        self.mix = mix
        self.options.update(layers=self.layer, final_norm=self.layer == last, mix=mix,
                            input_epsilon=input_epsilon, output_norm=output_norm)

    def network(self) -> speech.SpeechEncoder:
        try:
            network = speech.SpeechEncoder(**self.options)
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"{self.what}: {error}") from error
        many = self.options["position_layers"] > 0
        state = {name: value.reshape(-1, 1) if name.endswith(".gru_rel_pos_const") else value
                 for name, value in fold(bare(self.state)).items()}
        if self.mix is not None:
            state["mix"] = network.state_dict()["mix"]
        put = {theirs(name, many) for name in network.state_dict()}

        def spare(name: str) -> object:  # behind the layer that is wanted
            layer = re.match(r"encoder\.layers\.(\d+)\.", name)
            if layer:
                return self.layer <= int(layer[1]) < self.config["num_hidden_layers"]
            return name.startswith("encoder.layer_norm.") and name not in put
        weights.put(network, state, self.what, lambda name: theirs(name, many), spare)
        return network.eval()

    def network_to_train(self) -> speech.SpeechEncoder:
        """The same, with gain and direction of positions where the checkpoint has them."""
        network, state = self.network(), bare(self.state)
        stem = "encoder.pos_conv_embed.conv."
        for gain, direction in GAINED:
            if stem + gain in state and stem + direction in state:
                put_gained(network.positions[0], "conv", state[stem + gain],
                           state[stem + direction])
        return network.eval()

    def published(self, model: Callable[..., Any]) -> Run:
        """What the source network gives, as a function like our network's."""
        def one(sound: torch.Tensor) -> torch.Tensor:
            if self.options["input_epsilon"]:
                away = sound - sound.mean()
                sound = away / torch.sqrt(away.pow(2).mean() + self.options["input_epsilon"])
            given = model(sound, output_hidden_states=True)
            # Whether the last state is normalised changed between versions.
            states = [*given.hidden_states[:-1], given.last_hidden_state]
            if self.mix is None:
                x = states[self.layer]
            else:
                x = sum(weight * state for weight, state in zip(self.mix, states, strict=True))
            return torch.nn.functional.layer_norm(x, x.shape) if self.options["output_norm"] else x

        def run(sounds: torch.Tensor,
                lengths: Optional[torch.Tensor] = None) -> torch.Tensor:
            if lengths is None:
                return torch.cat([one(sound[None]) for sound in sounds])
            alone = [one(sound[None, :n]) for sound, n in zip(sounds, lengths.tolist())]
            frames = max(x.shape[1] for x in alone)
            return torch.cat([torch.nn.functional.pad(x, (0, 0, 0, frames - x.shape[1]))
                              for x in alone])
        return run

    def source(self, folder: Optional[str] = None) -> tuple[Run, str]:
        """transformers' network with the checkpoint's weights."""
        try:
            import transformers
        except ImportError as error:
            raise ValueError(
                "the comparison with the source network needs transformers: pip install "
                "transformers, or leave it out with --unchecked") from error
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        kind = getattr(transformers, FAMILIES[self.family][0])
        if folder is not None:
            try:
                model = kind.from_pretrained(folder, local_files_only=True,
                                             attn_implementation="eager")
            except Exception as error:  # whatever it does not like
                why = " ".join(str(error).split())[:200]
                raise ValueError(f"{self.what}: transformers can't open it to compare (without: "
                                 f"--unchecked): {why}") from error
        else:
            config = kind.config_class(**{key: value for key, value in self.config.items()
                                          if key not in ("model_type", "architectures")})
            config._attn_implementation = "eager"
            model = kind(config)
            wrong = model.load_state_dict(bare(self.state), strict=False)
            lacking = [name for name in wrong.missing_keys if not UNUSED.match(name)]
            if lacking or wrong.unexpected_keys:
                raise ValueError(
                    f"{self.what}: its weights are not those of {kind.__name__}: lacking "
                    f"{lacking[:5]}, unknown {wrong.unexpected_keys[:5]}")
        return self.published(model.float().eval()), f"{kind.__name__} of transformers " \
            f"{transformers.__version__}"

    def window(self) -> tuple[int, int]:
        """Samples that a frame is made of, and from one frame to the next."""
        size, step = 1, 1
        for kernel, stride in zip(self.options["kernels"], self.options["strides"], strict=True):
            size += (kernel - 1) * step
            step *= stride
        return size, step

    def manifest(self, name: str, licence: str, compared: str, rate: int,
                 **more: Any) -> Told:
        size, step = self.window()
        about = {"family": self.family, "compared_with": compared,
                 "input_norm": self.options["input_epsilon"] > 0,
                 "output_norm": self.options["output_norm"], **more}
        about["layer"] = self.layer if self.mix is None else "weighted sum"
        return {
            "avsvt": 1, "name": name, "role": "extractor",
            "input": {"kind": "audio", "sample_rate": rate, "hop": step, "window": size,
                      "min_samples": size},
            "output": {"layout": "features", "width": self.options["width"],
                       "frame_rate": rate / step, "start_s": size / 2 / rate},
            "chunk": {"length_s": 20, "context_s": 5},
            "encoder": about, "licence": licence,
        }

    def write(self, path: str, options: Namespace, licence: Optional[str] = None,
              folder: Optional[str] = None, rate: int = 16000,
              name: Optional[str] = None) -> str:
        """Write the model file; tells how well it agrees."""
        network: torch.nn.Module = self.network()
        source, compared = (network, "nothing") if options.unchecked else self.source(folder)
        size, _ = self.window()
        inputs = [(0.1 * parts.noise(1, size),), (0.1 * parts.noise(1, 7777) + 0.01,),
                  (0.1 * parts.noise(1, 2 * rate + 123),),
                  (0.1 * parts.noise(2, rate), torch.tensor([rate, rate // 2 + 7]))]
        name = name or options.name or os.path.splitext(os.path.basename(path))[0]
        more, note, before = {}, "", None
        if options.int8:
            # The source network is compared with the weights as they were.
            before = parts.difference(network, source, inputs)
            parts.accept(before, self.what)
            coarse = with_int8(network)
            changed = typical(coarse, network, inputs)
            more = {"int8": True, "int8_difference": float(f"{changed:.2g}")}
            note = (f"; with int8 its features differ from those by {changed:.2g} "
                    "(root mean square, relative)")
            source = network = coarse
        worst = parts.write_model(
            path, network, self.manifest(name, options.licence or licence or "unknown",
                                         compared, rate, **more), source, inputs, self.what)
        worst = worst if before is None else before
        if options.unchecked:
            return f"{path}: not compared with its source network{note}"
        return (f"{path}: differs from {compared} by at most {worst:.2g} of the largest value"
                f"{note}")
