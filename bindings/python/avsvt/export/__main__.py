# SPDX-License-Identifier: MIT
"""``python -m avsvt.export``: a checkpoint in, a model file out."""
import argparse
import os
import sys
from collections.abc import Sequence
from typing import Optional, Union

from . import KINDS, kind, spare


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m avsvt.export",
        description="Make a model file of a checkpoint. The exported network is "
                    "compared with its source network before it is written.")
    parser.add_argument("--list", action="store_true", help="name the kinds and leave")
    kinds = parser.add_subparsers(dest="kind", metavar="KIND")
    for name in KINDS:
        module = kind(name)
        one = kinds.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        one.add_argument("checkpoints", nargs=getattr(module, "CHECKPOINTS", "+"),
                         metavar="CHECKPOINT")
        one.add_argument("-o", "--output", required=True,
                         metavar=getattr(module, "OUTPUT", "OUT.pt"))
        module.add_arguments(one)
    options = parser.parse_args(arguments)
    if not options.list and options.kind is None:
        parser.error("no KIND is given; --list names them")
    return options


def check_output(path: str, checkpoints: Union[str, Sequence[str], None]) -> None:
    """Told before the work rather than after it."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{ascii(path)}: is not UTF-8, and PyTorch writes to no other name; "
                         "-o must be UTF-8") from None
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ValueError(f"{path}: there is no folder {folder}")
    if os.path.isdir(path):
        raise ValueError(f"{path}: is a folder; -o names a file")
    spare(path, [checkpoints] if isinstance(checkpoints, str) else checkpoints or [])


def main(arguments: Optional[Sequence[str]] = None) -> int:
    try:
        options = parse(arguments)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        print("avsvt.export: needs PyTorch, which is not installed: pip install torch",
              file=sys.stderr)
        return 1
    if options.list:
        for name in KINDS:
            print(f"{name}\t{kind(name).SUMMARY}")
        return 0
    try:
        check_output(options.output, options.checkpoints)
        print(kind(options.kind).export(options))
    except (OSError, ValueError) as error:
        print(f"avsvt.export: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
