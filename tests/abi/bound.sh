#!/bin/sh
# SPDX-License-Identifier: MIT
# bound.sh LIBRARY: the names that it needs are looked up when it is loaded, not
# when an audio thread first calls one.
set -eu
if ! readelf -d "$1" | grep -q 'FLAGS.*NOW\|BIND_NOW'; then
    echo "$1 looks up its names when they are first called: link it with -z now" >&2
    exit 1
fi
