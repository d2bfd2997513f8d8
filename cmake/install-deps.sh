#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that libavsvt needs, as far as they are missing.
# The one list of them. Usage: install-deps.sh build|media|synth|test
#   build: to build the library and the command
#   media: that and the module for video and compressed sound (M4A, AAC, WebM)
#   synth: build and what training sound is made with: a synthesiser, its
#          instruments (fluid-soundfont-gm), and stretching
#   test:  all of them, and all that tests/run.sh uses
set -eu

build="gcc libc6-dev cmake ninja-build make pkg-config libsndfile1-dev libmpg123-dev libyaml-dev libsoxr-dev libkissfft-dev libjansson-dev zlib1g-dev libasound2-dev"
test="$build g++ ccache libcmocka-dev clang-14 libclang-rt-14-dev valgrind doxygen abigail-tools binutils
    libsoundtouch1
    python3 python3-venv python3-dev git ca-certificates libtorch-dev libopenblas0-openmp locales"
synth="libfluidsynth-dev"
plugins="lv2-dev liblilv-dev sordi vamp-plugin-sdk vamp-examples"
media="libavformat-dev libavcodec-dev libswscale-dev"

case ${1:-} in
build) wanted=$build ;;
media) wanted="$build $media" ;;
synth) wanted="$build $synth fluid-soundfont-gm libsoundtouch1" ;;
test) wanted="$test $media $synth $plugins ffmpeg libdlib-dev timgm6mb-soundfont" ;;
*) echo "usage: $0 build|media|synth|test" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "This is not Debian; install what these packages bring, then go on:" >&2
    echo $wanted >&2
    # Where the tools are there it may still work.
    command -v cmake >/dev/null && command -v cc >/dev/null && exit 0
    exit 1
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Missing packages, and neither root nor sudo to install them:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get -qq update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing >/dev/null
