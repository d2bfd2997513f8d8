# SPDX-License-Identifier: MIT
"""What a manifest tells of where weights come from."""
import json
from argparse import ArgumentParser, Namespace

from .types import Told


def add_licence(parser: ArgumentParser) -> None:
    parser.add_argument("--licence", default="unknown",
                        help="licence of the weights; default: unknown")


def add_arguments(parser: ArgumentParser) -> None:
    add_licence(parser)
    parser.add_argument("--trained-on", metavar="FILE.json",
                        help="what they were trained on, for the manifest: a list of "
                             '{"name": TEXT, "licence": TEXT}; default: nothing is told')


def told(options: Namespace) -> Told:
    """The manifest's keys of it."""
    found = {"licence": options.licence}
    if options.trained_on:
        found["trained_on"] = read(options.trained_on)
    return found


def read(path: str) -> list[dict[str, str]]:
    with open(path, encoding="utf-8") as file:
        try:
            data = json.load(file)
        except ValueError as error:
            raise ValueError(f"{path}: is no JSON: {error}") from None
    if not isinstance(data, list) or not all(
            isinstance(each, dict) and set(each) == {"name", "licence"} and
            all(isinstance(text, str) for text in each.values()) for each in data):
        raise ValueError(f'{path}: must be a list of {{"name": TEXT, "licence": TEXT}}')
    return data
