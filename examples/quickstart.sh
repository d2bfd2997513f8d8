#!/bin/sh
# SPDX-License-Identifier: MIT
# From a clone to notes: installs what is missing, builds, transcribes.
# Usage: sh examples/quickstart.sh [SONG]
# SONG is any sound or video file; without it, a sung melody that lies in examples/data.
# Leaves SONG.mid and SONG.html beside SONG (for the melody: in this folder).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=${AVSVT_BUILD:-$root/build/quickstart}
song=${1:-}
if [ -n "$song" ] && [ ! -r "$song" ]; then
    echo "quickstart: cannot read $song" >&2
    exit 1
fi

# FFmpeg's libraries only where they are needed: they are many.
case $song in
'' | *.[Ww][Aa][Vv] | *.[Ff][Ll][Aa][Cc] | *.[Mm][Pp]3 | *.[Oo][Gg][Gg] | *.aif*) parts=build ;;
*) parts=media ;;
esac
sh "$root/cmake/install-deps.sh" $parts
echo "building in $build ..."
mkdir -p "$build"
log=$build/quickstart.log
if ! { cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DAVSVT_TORCH=OFF -DAVSVT_TESTS=OFF &&
       cmake --build "$build"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "quickstart: the build failed; all of its output is in $log" >&2
    exit 1
fi
avsvt=$build/examples/avsvt

if [ -n "$song" ]; then
    base=$song # a point in a folder's name, or before a hidden file's, begins no ending
    case ${song##*/} in ?*.*) base=${song%.*} ;; esac
else
    song=$root/examples/data/melody.flac
    base=$(pwd)/melody
fi
# Blocks instead of brackets in the picture, where the terminal can.
[ -n "${LC_ALL:-}${LC_CTYPE:-}${LANG:-}" ] || export LC_ALL=C.UTF-8
"$avsvt" transcribe "$song" --picture --quiet -o "$base.mid" -o "$base.html"

echo
[ -n "${1:-}" ] || { echo "What the melody's own note file says to that:"
    "$avsvt" transcribe "$song" --quiet -o "$build/melody.csv"
    "$avsvt" evaluate notes "$root/examples/data/melody.csv" "$build/melody.csv"; echo; }
echo "MIDI:    $base.mid"
echo "page:    $base.html   (open it in a browser: sound, spectrogram, notes)"
echo "command: $avsvt   (try: $avsvt help)"
