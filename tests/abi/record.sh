#!/bin/sh
# SPDX-License-Identifier: MIT
# record.sh LIBRARY [OUT]: writes the description of the ABI that check.sh
# compares with, to tests/abi/avsvt.abi or OUT. Run it when a change of the ABI
# is meant, say so in CHANGELOG.md, and raise AVSVT_SOVERSION for a break.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
out=${2:-"$here/avsvt.abi"}
if ! readelf -S "$1" | grep -q debug_info; then
    echo "$1 has no debug information: build with -DAVSVT_TESTS=ON" >&2
    exit 1
fi
abidw --headers-dir "$root/include" --drop-private-types \
    --exported-interfaces-only --no-corpus-path --no-show-locs \
    --no-comp-dir-path --no-elf-needed --type-id-style hash \
    --out-file "$out.new" "$1"
# Where it was built is nobody's business.
sed "s|$root/||g; s|path='\.\./|path='|" "$out.new" >"$out"
rm "$out.new"
