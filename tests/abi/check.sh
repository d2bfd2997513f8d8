#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh LIBRARY SOURCE: fails when the ABI is not the recorded one.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$2/tests/abi/record.sh" "$1" "$work/now.abi"
if ! abidiff --no-show-locs --suppressions "$2/tests/abi/private.ini" \
        "$2/tests/abi/avsvt.abi" "$work/now.abi"; then
    echo "the ABI has changed; if that is meant: sh tests/abi/record.sh $1" >&2
    exit 1
fi
