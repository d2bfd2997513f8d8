#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD SOURCE LIBDIR CC: installs into a fresh place and uses the
# library from there through find_package() and through pkg-config, then as a
# part of another project; and what else may be asked of the build.
set -eu
build=$1 source=$2 libdir=$3 cc=$4
work=$build/consume
prefix=$work/prefix
rm -rf "$work"
mkdir -p "$work"
cmake --install "$build" --prefix "$prefix" >"$work/install.log"

# The linker makes build ids of what it is given: with the build folder in it no
# two folders would give the same files.
for file in "$build/examples/avsvt" "$build/lv2/avsvt.lv2/avsvt.so" "$build/vamp/avsvt.so"; do
    [ ! -f "$file" ] || ! readelf -d "$file" | grep -F "[$build" || exit 1
done

cmake -S "$source" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_C_COMPILER="$cc" >"$work/cmake.log"
cmake --build "$work/cmake" >>"$work/cmake.log"
"$work/cmake/consumer"

export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
pkg-config --exists --print-errors avsvt
# In pkg-config's words blanks of a path are escaped.
flags=$(pkg-config --cflags --libs avsvt)
eval '"$cc" -std=c99 -pedantic -Wall -Werror "$source/main.c"' "$flags" '-o "$work/consumer"'
LD_LIBRARY_PATH=$prefix/$libdir "$work/consumer"

# Moved as a whole it still works.
mv "$prefix" "$work/moved"
export PKG_CONFIG_PATH="$work/moved/$libdir/pkgconfig"
eval '"$cc" "$source/main.c"' "$(pkg-config --cflags --libs avsvt)" '-o "$work/consumer"'
LD_LIBRARY_PATH=$work/moved/$libdir "$work/consumer"
# It needs nothing of what the library itself needs, and hands on none of it.
flags=$(PKG_CONFIG_LIBDIR="$work/moved/$libdir/pkgconfig" pkg-config --cflags avsvt)
case $flags in
*" -I"* | *" -D"*) echo "others' flags are handed on: $flags" >&2; exit 1 ;;
esac

# A packager may name whole paths.
root=$(dirname "$(dirname "$source")")
modules="-DAVSVT_TORCH=OFF -DAVSVT_MEDIA=OFF -DAVSVT_SYNTH=OFF -DAVSVT_FACE=OFF"
# shellcheck disable=SC2086
cmake -S "$root" -B "$work/whole" -G Ninja -DCMAKE_C_COMPILER="$cc" $modules -DAVSVT_TESTS=OFF \
    -DCMAKE_INSTALL_PREFIX=/opt/avsvt -DCMAKE_INSTALL_LIBDIR=/opt/avsvt/lib64 \
    -DCMAKE_INSTALL_INCLUDEDIR=/opt/avsvt/headers >"$work/whole.log" 2>"$work/whole.err"
whole=$(PKG_CONFIG_PATH=$work/whole pkg-config --define-variable=pcfiledir=/opt/avsvt/lib64/pkgconfig \
    --cflags --libs avsvt)
# shellcheck disable=SC2086
[ "$(echo $whole)" = "-I/opt/avsvt/headers -L/opt/avsvt/lib64 -lavsvt" ] || {
    echo "whole paths: $whole" >&2
    exit 1
}

# What is a shared library only says so, to whoever asked for a static one.
! grep -q 'shared library' "$work/whole.err" || { cat "$work/whole.err" >&2; exit 1; }
# shellcheck disable=SC2086
cmake -S "$root" -B "$work/static" -G Ninja -DCMAKE_C_COMPILER="$cc" $modules -DAVSVT_TESTS=OFF \
    -DBUILD_SHARED_LIBS=OFF >"$work/static.log" 2>"$work/static.err"
grep -q 'BUILD_SHARED_LIBS=OFF.*shared library' "$work/static.err" || {
    echo "BUILD_SHARED_LIBS=OFF is not told of" >&2
    exit 1
}

# Of several configurations in one folder each has its modules beside its library.
cmake -S "$root" -B "$work/several" -G "Ninja Multi-Config" -DCMAKE_C_COMPILER="$cc" -DAVSVT_TORCH=OFF \
    -DAVSVT_SYNTH=OFF -DAVSVT_FACE=OFF -DAVSVT_MEDIA=ON >"$work/several.log"
ninja -C "$work/several" -f build-Debug.ninja -t targets all >"$work/several.targets"
for file in libavsvt.so avsvt/avsvt_media.so examples/avsvt; do
    grep -q "^Debug/$file: " "$work/several.targets" || { echo "there is no Debug/$file" >&2; exit 1; }
done
ctest --test-dir "$work/several" -C Debug -N -V -R '^unit/container$' >"$work/several.tests"
grep -q "AVSVT_MODULE_PATH=.*/Debug/avsvt\$" "$work/several.tests" || {
    echo "tests do not see the modules of their configuration" >&2
    exit 1
}

# A part of another project: it brings the library, and nothing that was not
# asked for.
# shellcheck disable=SC2086
cmake -S "$source/parent" -B "$work/parent" -G Ninja -DCMAKE_C_COMPILER="$cc" $modules >"$work/parent.log"
