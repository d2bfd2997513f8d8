#!/bin/sh
# SPDX-License-Identifier: MIT
# Time and memory of avsvt and of two peers on the same recording in the same
# run, each as a whole process on one core, loading included.
#
#   sh benchmarks/peers.sh AVSVT SOUND [MINUTES]
#
# AVSVT is the command that was built, SOUND any recording; it is repeated to
# MINUTES (default 10). The peers (basic-pitch on onnxruntime, SwiftF0) go into
# a virtual environment of their own under build/peers.
set -eu
avsvt=$1
sound=$2
minutes=${3:-10}
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../build/peers
mkdir -p "$work"
if [ ! -e "$work/venv/complete" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q "numpy<2" "setuptools<80" onnxruntime librosa scipy resampy \
        "mir_eval" pretty_midi soundfile swift-f0
    "$work/venv/bin/pip" install -q --no-deps basic-pitch
    : >"$work/venv/complete"
fi
exec "$work/venv/bin/python" "$here/peers.py" "$avsvt" "$sound" "$minutes" "$work"
