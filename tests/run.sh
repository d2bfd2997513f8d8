#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that must hold: installs what is missing, builds in several ways
# with warnings as errors, and runs every test. Usage: sh tests/run.sh [STEP...]
# Steps, in this order; without arguments all are run:
#   gcc      with PyTorch's libtorch: all tests, Python's too
#   debian   with Debian's libtorch: the tests of the torch module
#   asan     address and undefined-behaviour sanitizers
#   tsan     thread sanitizer: the tests with threads
#   valgrind some tests and the command
#   fuzz     each fuzz target for 20 seconds (AVSVT_FUZZ_S)
#   start    the quick start on the melody that the repository carries
#   quality  scores on real recordings (AVSVT_TEST_DATA), where they are there
# A failing step prints its output and ends the run. Logs: build/ci/*.log
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
out=$root/build/ci
data=${AVSVT_TEST_DATA:-$root/../shared}
export AVSVT_TEST_DATA="$data"
jobs=${AVSVT_JOBS:-2}
torch=2.13.0
mkdir -p "$out"
passed=0
export LOCPATH="$root/build/locale"

step() { # NAME HEADING COMMAND...
    name=$1 heading=$2
    shift 2
    [ -z "$wanted" ] || case " $wanted " in *" $name "*) ;; *) return 0 ;; esac
    begin=$(date +%s)
    printf '== %s\n' "$heading"
    # Not as a condition: there the shell would not stop at the first failure.
    (set -e; "$@") >"$out/$name.log" 2>&1
    if [ $? = 0 ]; then
        passed=$((passed + 1))
        grep -E '^(left out|[0-9]+% tests passed|[0-9]+ passed|songs |mean |COn|in %)' "$out/$name.log" || true
        printf '   passed, %d s\n' $(($(date +%s) - begin))
    else
        tail -n "${AVSVT_LOG_LINES:-150}" "$out/$name.log"
        printf '   FAILED: %s; all of its output is in %s\n' "$name" "$out/$name.log"
        printf '%d passed, 1 failed\n' $passed
        exit 1
    fi
}

build() { # NAME CMAKE_OPTIONS...: configures and builds build/ci/NAME
    folder=$out/$1
    shift
    set -- "$@" -DAVSVT_WERROR=ON -DAVSVT_TEST_DATA="$data"
    if command -v ccache >/dev/null; then
        set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
    fi
    cmake -S "$root" -B "$folder" -G Ninja "$@" && cmake --build "$folder" -j "$jobs"
}

tests() { # NAME CTEST_OPTIONS...
    folder=$out/$1
    shift
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error "$@"
}

# A virtual environment that uses what this Python has already.
prepare() {
    sh cmake/install-deps.sh test
    # A locale whose decimal point is a comma, for the tests of numbers.
    mkdir -p "$LOCPATH"
    [ -d "$LOCPATH/de_DE.UTF-8" ] || localedef -i de_DE -f UTF-8 "$LOCPATH/de_DE.UTF-8"
    if [ ! -x build/venv/bin/pytest ]; then
        python3 -m venv --system-site-packages build/venv
        build/venv/bin/pip install -q "torch==$torch" numpy "mir_eval>=0.8" pytest pyyaml
        [ -x build/venv/bin/pytest ] || build/venv/bin/pip install -q --ignore-installed pytest
    fi
    # Debian's can't read the types of a NumPy as new as pip's.
    build/venv/bin/pip install -q "mypy>=1.11" pytest-xdist
    # Exporters of speech encoders are compared with its networks.
    build/venv/bin/python -c "import transformers" 2>/dev/null ||
        build/venv/bin/pip install -q "transformers>=4.40" ||
        echo "left out: transformers is not to be had; exporters are not compared with it"
    build/venv/bin/python -c "import torch, numpy, mir_eval; print('torch', torch.__version__)"
}

with_gcc() {
    PATH=$root/build/venv/bin:$PATH
    build gcc -DAVSVT_TORCH=ON
    tests gcc
    AVSVT_LIBRARY=$out/gcc/libavsvt.so PYTHONPATH=bindings/python \
        AVSVT_MODULE_PATH=$out/gcc/avsvt \
        python3 -m pytest -q -n "$jobs" --dist loadfile bindings/python
}

with_debian() {
    build debian -DAVSVT_TORCH=ON -DCMAKE_PREFIX_PATH=/usr
    tests debian -R 'torch|registry|pipeline|model'
    # Exported by PyTorch, run by Debian's libtorch.
    AVSVT_LIBRARY=$out/debian/libavsvt.so PYTHONPATH=bindings/python \
        AVSVT_MODULE_PATH=$out/debian/avsvt build/venv/bin/python -m pytest -q \
        bindings/python/tests/test_encoders_golden.py
}

with_asan() {
    build asan -DAVSVT_TORCH=OFF \
        -DAVSVT_SANITIZE=address,undefined,float-divide-by-zero,float-cast-overflow
    # The sanitizer guesses where the thread-local blocks of libraries opened at
    # run time begin, from a header that glibc does not promise; where it guesses
    # wrong, its search for leaks crashes at exit. So it does not look there.
    export ASAN_OPTIONS=intercept_tls_get_addr=0
    export LSAN_OPTIONS=suppressions=$root/tests/lsan.supp:print_suppressions=0
    tests asan -R '^(unit|api|cli|examples|plugins|fuzz)'
}

with_tsan() {
    build tsan -DAVSVT_SANITIZE=thread -DAVSVT_TORCH=OFF
    # A layout of memory that this sanitizer cannot live with is left to luck
    # by newer kernels; without randomness it is always the one it knows.
    fixed=
    setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"
    $fixed ctest --test-dir "$out/tsan" -j "$jobs" --output-on-failure --no-tests=error \
        -R '(job|pipeline|thread|native|model|cli|augment|stream|feed|train|score)'
}

with_valgrind() {
    [ -d "$out/gcc/tests" ] || build gcc -DAVSVT_TORCH=OFF
    run="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite"
    for name in unit_archive unit_yaml unit_model unit_notes_read unit_decoder \
        unit_metrics unit_export_midi unit_resample api_audio; do
        echo "-- $name"
        (cd tests && $run "$out/gcc/tests/$name")
    done
    $run "$out/gcc/examples/avsvt" transcribe examples/data/melody.flac -o "$out/valgrind.mid"
    $run "$out/gcc/examples/avsvt" info
}

with_fuzz() {
    CC=clang-14 CXX=clang++-14 build fuzz -DAVSVT_FUZZ=ON -DAVSVT_TESTS=OFF -DAVSVT_TORCH=OFF \
        -DAVSVT_EXAMPLES=OFF -DAVSVT_SANITIZE=address,undefined
    for target in "$out"/fuzz/tests/fuzz_*; do
        [ -x "$target" ] && [ -f "$target" ] || continue # folders of the build
        name=${target##*/fuzz_}
        mkdir -p "$out/corpus/$name"
        echo "-- $name"
        "$target" -max_total_time="${AVSVT_FUZZ_S:-20}" -timeout=20 -rss_limit_mb=2048 \
            -print_final_stats=1 -artifact_prefix="$out/$name-" "$out/corpus/$name" "tests/fuzz/corpus/$name"
    done
}

quick_start() {
    place=$out/start
    rm -rf "$place"
    mkdir -p "$place"
    (cd "$place" && AVSVT_BUILD=$out/quickstart sh "$root/examples/quickstart.sh")
    [ "$(head -c 4 "$place/melody.mid")" = MThd ]
    grep -q '</html>' "$place/melody.html"
    avsvt=$out/quickstart/examples/avsvt
    "$avsvt" transcribe examples/data/melody.flac -o "$place/melody.csv"
    "$avsvt" evaluate notes examples/data/melody.csv "$place/melody.csv" --json |
        build/venv/bin/python tests/enough.py COnPOff=90 COnP=95 COn=95 COff=90
}

quality() {
    avsvt=$out/quickstart/examples/avsvt
    if [ ! -d "$data/data/singing/dev" ]; then
        echo "left out: no recordings in $data/data"
        return 0
    fi
    rm -rf "$out/dev" "$out/karaoke"
    "$avsvt" transcribe "$data"/data/singing/dev/*.flac -q -o "$out/dev"
    "$avsvt" evaluate notes "$data/data/singing/dev" "$out/dev"
    "$avsvt" evaluate notes "$data/data/singing/dev" "$out/dev" --json |
        build/venv/bin/python tests/enough.py COnPOff=93 COnP=95 COn=96 COff=97.5
    mkdir -p "$out/karaoke"
    for song in "$data"/data/karaoke/*/; do
        "$avsvt" transcribe "$song"audio.* -q -o "$out/karaoke/$(basename "$song").csv"
    done
    build/venv/bin/python "$data/data/karaoke/score.py" "$data"/data/karaoke/*/ -- "$out/karaoke" 77 55.5
}

wanted=$*
all=$wanted
wanted=
step prepare "what the tests need" prepare
wanted=$all
step gcc "gcc, PyTorch $torch's libtorch: every test" with_gcc
step debian "gcc, Debian's libtorch: the torch module" with_debian
step asan "address and undefined-behaviour sanitizers" with_asan
step tsan "thread sanitizer" with_tsan
step valgrind "valgrind" with_valgrind
step fuzz "fuzz targets" with_fuzz
[ -z "$wanted" ] || case " $wanted " in *" quality "*) wanted="$wanted start" ;; esac
step start "the quick start" quick_start
step quality "quality on real recordings" quality
printf '%d passed, 0 failed\n' $passed
