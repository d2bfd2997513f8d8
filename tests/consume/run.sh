#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD SOURCE LIBDIR CC: installs into a fresh place and uses the
# library from there through find_package() and through pkg-config.
set -eu
build=$1 source=$2 libdir=$3 cc=$4
work=$build/consume
prefix=$work/prefix
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$prefix" >"$work/install.log"

cmake -S "$source" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$cc" >"$work/cmake.log"
cmake --build "$work/cmake" >>"$work/cmake.log"
"$work/cmake/consumer"

export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
pkg-config --exists --print-errors avsvt
flags=$(pkg-config --cflags --libs avsvt)
# shellcheck disable=SC2086
"$cc" -std=c99 -pedantic -Wall -Werror "$source/main.c" $flags -o "$work/consumer"
LD_LIBRARY_PATH=$prefix/$libdir "$work/consumer"

# Moved as a whole it still works.
mv "$prefix" "$work/moved"
export PKG_CONFIG_PATH="$work/moved/$libdir/pkgconfig"
# shellcheck disable=SC2046
"$cc" "$source/main.c" $(pkg-config --cflags --libs avsvt) -o "$work/consumer"
LD_LIBRARY_PATH=$work/moved/$libdir "$work/consumer"
# Static linking needs what the library itself needs.
pkg-config --static --libs avsvt | grep -q sndfile
