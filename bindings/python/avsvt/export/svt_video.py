# SPDX-License-Identifier: MIT
"""Export of AV_SVT's video-only system: encoder, head and the pipeline file."""
import os

from . import avhubert, parts, weights

SUMMARY = ("AV_SVT's video system: encoder, head and pipeline file (a CKPT folder, or its "
           "encoder.ckpt and head.ckpt)")
ENCODERS = ["encoder.ckpt", "avhubert.pt"]
HEADS = ["head.ckpt", "video_cls.pt"]
FRAME_RATE = 50.0


def add_arguments(parser) -> None:
    parser.add_argument("--no-output-norm", action="store_true",
                        help="the features were not normalised in training")
    parser.add_argument("--post-norm", action="store_true",
                        help="layers that normalise after their parts (the checkpoint does not "
                             "tell; every published encoder normalises first)")
    avhubert.add_common(parser)


def export(options) -> str:
    given = options.checkpoints
    if len(given) == 1 and os.path.isdir(given[0]):
        given = [weights.in_folder(given[0], ENCODERS), weights.in_folder(given[0], HEADS)]
    if len(given) != 2 or any(os.path.isdir(each) for each in given):
        raise ValueError("svt-video is made of a CKPT folder, or of its encoder's file and its "
                         "head's (encoder.ckpt head.ckpt)")
    path, head = given
    to = parts.outputs(options.output, given, "encoder", "head")
    state, _ = avhubert.load(path)
    config = avhubert.configuration(state, {"layer_norm_first": not options.post_norm},
                                    options.heads, path)
    config.update(upto=0, whole_norm=not options.no_output_norm)
    weight, bias = parts.note_head(weights.state_of(head), head, config["width"], path)
    name = options.name or os.path.splitext(os.path.basename(options.output))[0]
    worst = avhubert.write(to["encoder"], path, state, config, "video", FRAME_RATE,
                           f"{name}-encoder", options.licence)
    parts.write_note_head(to["head"], f"{name}-head", weight, bias, options.licence, head)
    parts.write_pipeline(to["pipeline"], {"video": to["encoder"], "head": to["head"]},
                         {"mode": "published"})
    return (f"{to['pipeline']}, {to['encoder']}, {to['head']}: the encoder differs from the "
            f"source network by at most {worst:.2g}")
