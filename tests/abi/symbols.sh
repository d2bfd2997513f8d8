#!/bin/sh
# SPDX-License-Identifier: MIT
# symbols.sh LIBRARY LIST: the library exports what the list says, no more and
# no less.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$1" >"$work/nm"
awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' "$work/nm" | LC_ALL=C sort >"$work/exported"
grep '^[a-z]' "$2" >"$work/listed"
if ! LC_ALL=C sort -c "$work/listed"; then
    echo "$2 is not sorted" >&2
    exit 1
fi
if ! diff -u "$work/listed" "$work/exported"; then
    echo "the exported names (+) are not those of $2 (-)" >&2
    exit 1
fi
