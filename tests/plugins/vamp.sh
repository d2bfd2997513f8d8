#!/bin/sh
# SPDX-License-Identifier: MIT
# vamp.sh FOLDER MELODY: both outputs of the Vamp plug-in in FOLDER, run by
# Vamp's own host, on the melody of the quick start.
set -eu
VAMP_PATH=$1
export VAMP_PATH
vamp-simple-host -l | grep -q 'Pitch curve, "pitch"' || { echo "the host does not find it"; exit 1; }
notes=$(vamp-simple-host avsvt:notes "$2" 2>/dev/null)
echo "$notes" | head -n 3
[ "$(echo "$notes" | grep -c ':')" = 19 ] || { echo "not the 19 notes:"; echo "$notes"; exit 1; }
# the first: begins at 0.6 s, an F sharp
echo "$notes" | head -n 1 | grep -Eq '^ *0\.6[0-9]*, 0\.5[0-9]*: 6[56]\.[0-9]+ 0\.' || exit 1
curve=$(vamp-simple-host avsvt:notes:pitch "$2" 2>/dev/null | grep -c ':')
[ "$curve" -gt 250 ] || { echo "only $curve points of the pitch curve"; exit 1; }
