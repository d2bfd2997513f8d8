#!/bin/sh
# SPDX-License-Identifier: MIT
# The avsvt command from outside: outputs, exit statuses, messages.
# Usage: run.sh AVSVT SOURCE_FOLDER
set -u
avsvt=$1
source=$2
data=$source/examples/data
here=$source/tests/cli
work=$(mktemp -d "${TMPDIR:-/tmp}/avsvt-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 checks=0
unset LC_ALL LC_CTYPE; export LANG=C

# check NAME: the last command must have done what $? says.
check() {
    status=$?
    checks=$((checks + 1))
    if [ $status != 0 ]; then
        failures=$((failures + 1))
        echo "FAILED: $1"
        sed 's/^/    /' out err 2>/dev/null | head -n 20
    fi
}
# expect STATUS COMMAND...: runs it; true when it exits so. A failure must say
# why in one line that starts with 'avsvt: ', and nothing on standard output.
expect() {
    want=$1; shift
    "$@" >out 2>err </dev/null
    got=$?
    [ $got = "$want" ] || { echo "exit status $got, not $want: $*" >>err; return 1; }
    [ "$want" = 0 ] && return 0
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^avsvt: ' err && [ ! -s out ]
}
json() { python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1"; }

# Words
expect 0 "$avsvt" --version && grep -q '^avsvt [0-9]' out; check "--version prints the version"
for c in transcribe crop sing evaluate mix prepare info bench train help; do
    expect 0 "$avsvt" $c --help && grep -q 'Examples:' out && ! grep -q '.\{80\}' out
    check "$c --help has examples and fits 80 columns"
    "$avsvt" help $c | cmp -s - out; check "help $c equals $c --help"
done
expect 0 "$avsvt" help --completion bash && bash -n out; check "the completion is valid bash"
bash -c '. ./out; COMP_WORDS=(avsvt transcribe -f mi); COMP_CWORD=3; _avsvt; [ "${COMPREPLY[*]}" = midi ]'
check "the completion knows formats"
bash -c '. ./out; COMP_WORDS=(avsvt help lis); COMP_CWORD=2; _avsvt; [ "${COMPREPLY[*]}" = listen ]'
check "the completion knows every command"
bash -c '. ./out; COMP_WORDS=(avsvt prepare mir); COMP_CWORD=2; _avsvt; [ "${COMPREPLY[*]}" = mir-st500 ]'
check "the completion knows data sets"
: >"a song.wav"; bash -c '. ./out; COMP_WORDS=(avsvt transcribe a); COMP_CWORD=2; _avsvt; [ "${#COMPREPLY[@]}" = 0 ] && complete -p avsvt | grep -q -- "-o default"'
check "the completion leaves names of files, which may have blanks, to bash"; rm "a song.wav"
expect 0 "$avsvt" help --man && grep -q '^.TH AVSVT' out && grep -q '^.B AVSVT_MODULE_PATH' out; check "the manual page is made"

# Wrong usage: 2
expect 2 "$avsvt" nonsense; check "unknown command"
expect 2 "$avsvt" transcribe; check "no input"
expect 2 "$avsvt" transcribe --nonsense x; check "unknown option"
expect 2 "$avsvt" transcribe x -f mp3; check "unknown format"
expect 2 "$avsvt" transcribe x --tempo; check "missing value"
expect 2 "$avsvt" transcribe x --tempo 5; check "tempo out of range"
expect 2 "$avsvt" transcribe x --tempo nan; check "tempo not a number"
expect 2 "$avsvt" transcribe x --threads 1.5; check "threads not whole"
expect 2 "$avsvt" transcribe x -o y.xyz && grep -q '\.musicxml' err; check "ending that tells no format"
expect 2 "$avsvt" transcribe x y; check "several inputs without a folder"
expect 2 "$avsvt" info a b; check "one argument too many"
expect 2 "$avsvt" evaluate lyrics a b && grep -q 'not part of this version' err; check "lyrics are not here yet"
expect 2 "$avsvt" evaluate notes a; check "evaluate needs two"
expect 2 "$avsvt" evaluate n20emv2 && grep -q 'REF is missing' err; check "a table of nothing"
expect 2 "$avsvt" prepare nonsense a -o b; check "unknown data set"
expect 2 "$avsvt" prepare folder a; check "prepare without -o"
expect 2 "$avsvt" mix a b -o c.wav; check "mix without --snr"
expect 2 "$avsvt" mix a b --snr 3 -o c.mp3; check "mix writes WAV"
expect 2 "$avsvt" transcribe x --device toaster; check "unknown device"

# Bad input: 1
: >empty.wav; echo "no sound here" >text.wav; head -c 3000 /dev/urandom >noise.wav
expect 1 "$avsvt" transcribe missing.wav; check "missing file"
expect 1 "$avsvt" transcribe .; check "a folder as input"
expect 1 "$avsvt" transcribe empty.wav; check "empty file"
expect 1 "$avsvt" transcribe text.wav; check "text as sound"
expect 1 "$avsvt" transcribe noise.wav; check "random bytes as sound"
expect 1 "$avsvt" transcribe "$data/melody.flac" -o none/x.csv && grep -q none err; check "no folder to write to"
ln -s there-is-none dangling
expect 1 "$avsvt" transcribe "$data/melody.flac" -o dangling/ && grep -q 'Not a directory' err; check "a link to nothing as folder"
expect 1 "$avsvt" transcribe "$data/melody.flac" -m text.wav; check "text as model"
expect 1 "$avsvt" info missing.pt; check "info of a missing model"
expect 1 "$avsvt" evaluate notes noise.wav noise.wav; check "evaluate: no notes in it"
expect 1 "$avsvt" mix missing.wav "$data/melody.flac" --snr 3 -o c.wav && [ ! -e c.wav ]; check "mix of a missing file"
"$avsvt" transcribe "$data/melody.flac" >/dev/full 2>err; [ $? = 1 ] && grep -q '^avsvt: ' err; check "a full disk is told of"

# Notes
expect 0 "$avsvt" transcribe "$data/melody.flac" && [ ! -s err ] && cp out melody.csv; check "CSV to a pipe, without a word"
head -n 1 melody.csv | grep -q '^onset,offset,pitch'; check "CSV has its header"
expect 0 "$avsvt" evaluate notes "$data/melody.csv" melody.csv --json && json out &&
    python3 -c 'import json; s = json.load(open("out"))["mean"]; assert min(s[k]["f1"] for k in ("COnP", "COn")) == 1 and min(s[k]["f1"] for k in ("COnPOff", "COff")) > 0.9'
check "the melody's notes are all found"
expect 0 "$avsvt" transcribe "$data/melody.flac" -f text && diff out "$here/melody.txt"; check "the list is as stored"
expect 0 "$avsvt" transcribe "$data/melody.flac" --picture && diff out "$here/picture.txt"; check "the picture is as stored"
expect 0 "$avsvt" transcribe "$data/melody.flac" --json && json out; check "--json is JSON"
expect 0 "$avsvt" transcribe "$data/melody.flac" -o a.mid -o a.html -o a.svg -o a.json -o a.csv &&
    [ "$(head -c 4 a.mid)" = MThd ] && json a.json && cmp -s a.csv melody.csv && grep -q '<html' a.html && grep -q '<svg' a.svg
check "several formats from one run"
expect 0 "$avsvt" transcribe "$data/melody.flac" -o b.mid --json && json out; check "--json reports what was written"
expect 0 "$avsvt" transcribe "$data/melody.flac" -q -o b.mid && [ ! -s err ] && [ ! -s out ]; check "--quiet says nothing"
"$avsvt" transcribe - <"$data/melody.flac" >piped.csv 2>err && cmp -s piped.csv melody.csv; check "standard input"
cat "$data/melody.flac" | "$avsvt" transcribe /dev/stdin >piped.csv 2>err && cmp -s piped.csv melody.csv; check "a pipe in a recording's place"
cat "$data/melody.flac" | "$avsvt" transcribe - -o piped.html 2>err && grep -q '^avsvt: note: piped.html will hold the notes alone' err && ! grep -q 'id="sound"' piped.html; check "a page of what came through a pipe"
"$avsvt" transcribe -q "$data/melody.flac" | "$avsvt" evaluate notes "$data/melody.csv" - >out 2>err && grep -q '^COnPOff *100.00' out; check "notes from one command to the next"
cat "$data/melody.csv" | "$avsvt" sing - melody.csv >out 2>err && grep -q '19 of 19 notes hit' out; check "a song on standard input"
expect 2 "$avsvt" evaluate notes - -; check "two lists on one standard input"
expect 2 "$avsvt" sing - -; check "song and singing on one standard input"
true | "$avsvt" evaluate notes - melody.csv >out 2>err; [ $? = 1 ] && grep -q '^avsvt: /dev/stdin: nothing came' err; check "no list on standard input"
expect 0 "$avsvt" transcribe "$data/melody.flac" --onset-threshold 0.99 && [ "$(wc -l <out)" -lt "$(wc -l <melody.csv)" ]
check "a high threshold leaves notes out"
expect 0 "$avsvt" transcribe "$data/melody.flac" --offset-delay 0 --hold 0 && awk -F, '
    NR == FNR { offset[FNR] = $2; next } FNR > 1 { if ($2 >= offset[FNR]) bad = 1 } END { exit bad }' melody.csv out
check "neither delayed nor held, notes end sooner"
expect 0 "$avsvt" transcribe "$data/melody.flac" --sung-share 0 && cmp -s out melody.csv; check "of a song nothing is taken for speech"
expect 2 "$avsvt" transcribe x --sung-share 2; check "a share above the whole"
expect 0 "$avsvt" transcribe "$data/melody.flac" --rule published; check "the published rule"
expect 2 "$avsvt" transcribe x --chunks tiny; check "unknown chunks"
expect 2 "$avsvt" transcribe x y -o z/ --video v.npy; check "one video for several sounds"
expect 1 "$avsvt" transcribe - </dev/null && grep -q '^avsvt: standard input: is empty' err; check "nothing on standard input"
expect 2 "$avsvt" transcribe x --video v.npy --video-rate 0; check "no pictures a second"
expect 1 "$avsvt" transcribe "$data/melody.flac" --video v.npy && grep -q 'takes no pictures' err
check "a video for a model that only hears"
expect 0 "$avsvt" transcribe "$data/melody.flac" -f csv; cp out one.csv
expect 0 "$avsvt" transcribe "$data/melody.flac" -f csv --chunks whole && cmp -s out one.csv
check "a short song in one piece gives the same notes"
expect 1 "$avsvt" transcribe "$data/melody.flac" --chunks published && grep -q 'pipeline files' err
check "the built-in model has no published utterances"
expect 0 "$avsvt" transcribe "$data/melody.flac" --json -o - && json out && grep -q '"onset"' out; check "--json to standard output is one document"
expect 0 "$avsvt" transcribe "$data/melody.flac" --json -o b.mid -o - && json out && grep -q 'b.mid$' err; check "what was written is told beside it"
expect 0 "$avsvt" transcribe "$data/melody.flac" --picture -o - && diff out "$here/picture.txt"; check "the picture to standard output is the same"
odd=$(printf 'queer\n\033[31mname.flac'); cp "$data/melody.flac" "$odd"; plain() { ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$@"; }
expect 0 "$avsvt" transcribe "$odd" -o b.mid && [ "$(cat err)" = 'queer  [31mname.flac: 19 notes -> b.mid' ]; check "a name with a line end and a colour is one plain line"
expect 0 "$avsvt" transcribe "$odd" -f text && plain out && head -n 1 out | grep -q '^queer  .31mname.flac: 19'; check "also above a list"
expect 0 "$avsvt" info "$odd" && plain out && expect 1 "$avsvt" transcribe "$odd.not" && plain err; check "also as a fact or in a failure"
cp "$data/melody.flac" ./-f.flac; expect 0 "$avsvt" transcribe -q -o ./-o.csv -- -f.flac && [ -s ./-o.csv ] && expect 0 "$avsvt" evaluate notes -- -o.csv -o.csv; check "names that begin with a dash"
cp "$data/melody.flac" "$(printf 'b\377d\303\244.flac')"
expect 0 "$avsvt" transcribe b?d*.flac -o b.mid --json && json out && python3 -c 'import json; assert json.load(open("out"))[0]["input"] == "b\ufffdd\u00e4.flac"'
check "a name that is no UTF-8 leaves JSON JSON"
echo before >kept.txt; short_files() { (ulimit -f 1; exec "$@"); }
cp "$data/melody.flac" kept.flac
for o in "transcribe kept.flac -f text -o kept.txt" "sing melody.csv melody.csv -q -o kept.svg"; do
    echo before >kept.svg
    short_files "$avsvt" $o 2>err; [ $? = 1 ] && grep -q "kept.*: can't write: File too large" err && [ "$(cat kept.txt kept.svg | tr '\n' ' ')" = 'before before ' ] && [ "$(ls -A | grep -c kept)" = 3 ]
    check "what can't be written leaves what was there ($o)"
done
cp "$data/melody.flac" two.flac
expect 2 "$avsvt" transcribe two.flac -f csv -o two.flac && cmp -s two.flac "$data/melody.flac"; check "the input is not written over"

# Singing
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --json && json out &&
    python3 -c 'import json; s = json.load(open("out")); t = s["total"]; assert t["points"] > 9000 and t["hits"] == len(s["notes"]) == 19 and len(s["lines"]) == 2'
check "the melody sung to its own notes"
expect 0 "$avsvt" sing "$data/melody.csv" melody.csv -q && grep -q '^[0-9]* of 10000 points: 19 of 19' out; check "a list of notes is scored"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --transpose 1 -q && grep -q "^[0-9]\{1,4\} of 10000 points: 0 of 19 " out; check "a semitone off hits no note"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --transpose 12 -q && grep -q '^9[0-9]\{3\} of 10000' out; check "an octave off is right"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --transpose 12 --strict-octave -q && grep -q '^0 of 10000' out; check "unless it must not be"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --delay 0.3 -q && grep -q '^[1-7][0-9]\{3\} of 10000' out; check "early singing costs"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" && grep -q '^ *2 .* 0:05.4 .*%' out && grep -q 'points: 19 of 19' out; check "the table has its lines"
python3 -c '
import sys, wave
w = wave.open("silence.wav", "wb"); w.setnchannels(1); w.setsampwidth(2); w.setframerate(16000); w.writeframes(bytes(32000 * 12))'
expect 0 "$avsvt" sing "$data/melody.csv" silence.wav -q && grep -q '^0 of 10000 points: 0 of 19' out; check "silence is 0"
expect 0 "$avsvt" transcribe silence.wav && grep -q '^silence.wav: nothing was found that is sung; ' err && [ "$(cat out)" = onset,offset,pitch ]; check "an empty list says so"
expect 0 "$avsvt" transcribe silence.wav -q && [ ! -s err ]; check "but not with -q"
expect 0 "$avsvt" transcribe silence.wav --json && [ ! -s err ] && json out; check "nor beside JSON"
expect 0 "$avsvt" listen silence.wav --fast && grep -q '^silence.wav: nothing was heard that is sung; ' err; check "listening in vain says so"
expect 0 "$avsvt" listen silence.wav --fast --json && [ ! -s err ] && expect 0 "$avsvt" listen silence.wav --fast -q && [ ! -s err ]; check "but not beside JSON or with -q"
python3 -c '
import math, sys, wave
w = wave.open("tone.wav", "wb"); w.setnchannels(1); w.setsampwidth(2); w.setframerate(16000)
w.writeframes(b"".join(int(9000 * math.sin(i * .17)).to_bytes(2, "little", signed=True) for i in range(16000 * 5)))'
expect 0 "$avsvt" transcribe tone.wav && grep -q '^tone.wav: nothing was found that is sung; ' err; check "a tone that nobody sings says so"
expect 0 "$avsvt" mix "$data/melody.flac" "$data/melody.flac" --snr 100 -o mono.wav -q; python3 - <<'EOF'
import struct # a 32 bit float WAV with the same on two channels, one upside down
d = open("mono.wav", "rb").read()
at = d.index(b"data") + 8
x = struct.unpack(f"<{(len(d) - at) // 4}f", d[at:at + (len(d) - at) // 4 * 4])
s = b"".join(struct.pack("<2f", v, -v) for v in x)
rate = struct.unpack("<I", d[24:28])[0]
open("swapped.wav", "wb").write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(s), b"WAVEfmt ", 16, 3, 2, rate, 8 * rate, 8, 32, b"data", len(s)) + s)
EOF
expect 0 "$avsvt" transcribe swapped.wav && [ "$(wc -l <out)" = 20 ] && grep -q '^avsvt: note: swapped.wav: .*channels cancel' err; check "a cable with swapped wires: heard, and told"
printf '#TITLE:<A & B>\n#BPM:300\n: 0 20 0 la\n* 20 20 4  li\n- 41\nF 60 20 0 lo\n' >song.txt
printf '#TITLE:A\033[2J\n#ARTIST:B\033]0;x\007\n#BPM:300\n: 0 20 0 l\033[Aa\n' >escapes.txt
expect 0 "$avsvt" sing escapes.txt melody.csv && plain out && grep -q '^B ' out; check "what is in a song moves no cursor"
expect 0 "$avsvt" sing song.txt melody.csv -o song.svg -o song.html && grep -q '&lt;A &amp; B&gt;' song.svg && grep -q '^<!DOCTYPE html>' song.html &&
    python3 -c 'import xml.dom.minidom as x; x.parse("song.svg")' && ! grep -q "var(" song.svg
check "pictures of a song"
printf '#BPM:300\nR 10 20 9 la\n- 31\nF 40 20 3 li\n- 61\n: 70 20 9 lu\n' >"$(printf 'rap\377\001.txt')"; printf 'onset,offset,pitch\n0.3,5,65.2\n' >tone.csv
expect 0 "$avsvt" sing rap*.txt tone.csv -q -o rap.svg && [ "$(grep -c 'class="y"' rap.svg)" = 2 ] && [ "$(grep -o 'A4: [^<]*\|D#4: [^<]*' rap.svg | tr '\n' ' ')" = "A4: 4500 of 4500 points, +0.00 s D#4: 0 of 0 points A4: 0 of 4500 points " ]
check "the picture shows rap and freestyle as right at any pitch"
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("rap.svg")' >out 2>err; check "the picture is XML whatever its song is called"
printf '#TITLE:One\n#BPM:300\n: 0 4 0 a\n' >one.txt; expect 0 "$avsvt" sing one.txt tone.csv && grep -q '^One: 1 note in 1 line$' out && grep -q ' 0/10000 [^ ]* *0 %' out; check "a song of one line has its columns"
expect 0 "$avsvt" sing b.mid two.flac -q && grep -q '^9[0-9]\{3\} of 10000' out; check "MIDI as the song"
expect 0 "$avsvt" sing "$data/melody.csv" "$data/melody.flac" --live --fast && grep -q '^[89][0-9]\{3\} of 10000 points: 1[89] of 19' out && [ "$(grep -c '%' out)" = 2 ]; check "scored while it is sung"
expect 0 "$avsvt" sing "$data/melody.csv" two.flac --live --fast --json -o live.svg && json out && grep -q '<svg' live.svg; check "live, as JSON and with a picture"
expect 2 "$avsvt" sing song.txt two.flac --fast && grep -q -- --live err; check "--fast is for --live"
expect 2 "$avsvt" sing song.txt melody.csv --live; check "notes are not sung live"
expect 2 "$avsvt" sing song.txt two.flac -o x.mid; check "a picture is no MIDI file"
expect 1 "$avsvt" sing song.txt missing.wav; check "nobody sang"
expect 1 "$avsvt" sing missing.txt two.flac; check "no song"
expect 1 "$avsvt" sing two.flac two.flac; check "a sound is no song"
expect 1 "$avsvt" sing song.txt two.flac --voice 2 && grep -q 'no voice 2' err; check "no such voice"

# Listening
expect 0 "$avsvt" listen --help && grep -q 'Examples:' out && ! grep -q '.\{80\}' out; check "listen --help"
expect 0 "$avsvt" listen "$data/melody.flac" --fast --json && python3 -c '
import json
events = [json.loads(line) for line in open("out")]
on = [e["note"] for e in events if e["event"] == "on"]; off = [e for e in events if e["event"] in ("off", "forget")]
assert on == [e["note"] for e in off] and 15 <= len(on) <= 25, (on, off)
assert all(e["heard"] >= e["time"] for e in events if e["event"] == "on")'
check "listen tells what begins and ends"
expect 0 "$avsvt" listen "$data/melody.flac" --fast -o heard.csv -o heard.mid -q && [ ! -s out ] &&
    expect 0 "$avsvt" evaluate notes "$data/melody.csv" heard.csv --onset-tolerance 0.1 --json &&
    python3 -c 'import json; assert json.load(open("out"))["mean"]["COnP"]["f1"] > .8'
check "what was heard is written, and is about right"
expect 0 "$avsvt" listen "$data/melody.flac" --fast --engine feed && [ "$(wc -l <out)" = 20 ]; check "the feed gives the melody's 19 notes"
expect 0 "$avsvt" listen "$data/melody.flac" --fast -q && [ "$(wc -l <out)" = 20 ] && [ ! -s err ]; check "with -q the notes are still told, where nothing else takes them"
expect 0 "$avsvt" listen "$data/melody.flac" --fast --seconds 3 && [ "$(wc -l <out)" -lt 8 ]; check "--seconds ends"
expect 0 "$avsvt" listen "$data/melody.flac" --fast --json --curve && grep -q '"event": "pitch"' out; check "--curve tells the pitch"
python3 - <<'EOF'
import math, struct
# WAV as programs write it to a pipe: no size, a chunk before the samples.
for kind, bits in (1, 16), (1, 24), (1, 32), (3, 32):
    data = b""
    for i in range(2 * 22050):
        t = max(0, min(1, (i - 5000) / 500)) * (i < 35000)
        x = t * (.2 * math.sin(i * .1) + .1 * math.sin(i * .2) + .05 * math.sin(i * .3))
        s = struct.pack("<f", x) if kind == 3 else int(x * (2 ** (bits - 1) - 1)).to_bytes(bits // 8, "little", signed=True)
        data += s * 2
    form = struct.pack("<HHIIHH", kind, 2, 22050, 22050 * bits // 4, bits // 4, bits)
    open(f"pipe{kind}{bits}.wav", "wb").write(
        b"RIFF\xff\xff\xff\xffWAVELIST\3\0\0\0abc\0fmt " + struct.pack("<I", 16) + form + b"data\xff\xff\xff\xff" + data)
EOF
for k in 116 124 132 332; do
    "$avsvt" listen - --json <pipe$k.wav >out 2>err && grep '"off"' out | grep -q '"pitch": 6[45]\.'; check "WAV through a pipe, kind $k"
done
head -c 100 pipe116.wav | "$avsvt" listen - >out 2>err; check "a pipe that ends early is no failure"
head -c 30 pipe116.wav | "$avsvt" listen - >out 2>err; [ $? = 1 ] && grep -q 'ends before its sound' err; check "a WAV without sound"
tail -c +60 pipe116.wav | "$avsvt" listen - --raw s16 --rate 44100 >out 2>err; check "raw samples"
echo nonsense and more | "$avsvt" listen - >out 2>err; [ $? = 1 ] && [ "$(wc -l <err)" = 1 ] && grep -q -- --raw err; check "no WAV in the pipe"
ln -s /dev/full full.csv; expect 1 "$avsvt" listen "$data/melody.flac" --fast -q -o full.csv -o heard2.mid && [ -s heard2.mid ]; check "one place that can't be written does not lose the notes of the others"
python3 - "$avsvt" >out 2>err <<'EOF'
import os, signal, subprocess, sys
p = subprocess.Popen([sys.argv[1], "listen", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
while "pipe_read" not in open(f"/proc/{p.pid}/wchan").read() and not open(f"/proc/{p.pid}/syscall").read().startswith("0 0x0 "):
    assert p.poll() is None
p.send_signal(signal.SIGINT)
message = p.stderr.read()
assert p.wait() == -signal.SIGINT and message.startswith(b"avsvt: stopped"), message
EOF
check "Ctrl-C before a pipe says anything"
expect 2 "$avsvt" listen --raw s16 --rate 8000; check "--raw is for standard input"
expect 2 "$avsvt" listen - --raw s16; check "--raw needs a rate"
expect 2 "$avsvt" listen "$data/melody.flac" -o x.xyz && grep -q '\.musicxml' err; check "listen: an ending that tells no format"
expect 1 "$avsvt" listen missing.wav; check "listen to a missing file"
cp silence.wav "$(printf 'odd\nname\033[2J\343\203\206.wav')"
printf '#TITLE:\346\255\214\346\255\214 A song\033[2J with a long name\n#BPM:300\n: 0 20 0 la\n: 20 20 0 \346\255\214\346\255\214\346\255\214\346\255\214\346\255\214\346\255\214\n- 41\n: 41 9 0 loooooooooooooong\n' >wide.txt
for size in 12x6 20x8 29x9 36x10 37x24 55x24 72x24 80x24 250x60; do
    python3 "$here/screen.py" $size "$avsvt" listen odd* --fast >out 2>err && python3 "$here/screen.py" $size "$avsvt" listen "$data/melody.flac" --fast >out 2>err && grep -q ' not' out
    check "the piano roll stays on a terminal of $size"
    python3 "$here/screen.py" $size "$avsvt" sing wide.txt two.flac --live --fast >out 2>err && python3 "$here/screen.py" $size "$avsvt" sing melody.csv "$data/melody.flac" --live --fast >out 2>err
    check "the song stays on a terminal of $size"
done
mkdir fake && cc -shared -fPIC -o fake/libportaudio.so.2 "$here/portaudio.c" -lm 2>err; check "a PortAudio for tests is built"
with_fake() { env LD_LIBRARY_PATH="$PWD/fake" AVSVT_TEST_SEQUENCER="$PWD/played" "$@"; }
expect 0 with_fake "$avsvt" listen --seconds 0.2 --json && [ "$(grep -c '"off"' out)" = 1 ] && grep -q '"pitch": 6[89]\.' out; check "the microphone is heard"
printf '#TITLE:A\n#BPM:300\n: 10 20 9 la\n' >a4.txt
expect 0 with_fake "$avsvt" sing a4.txt -q && grep -q '^[0-9]\{4,5\} of 10000 points: 1 of 1' out; check "singing at the microphone is scored"
with_fake python3 "$here/screen.py" 80x24 "$avsvt" listen --seconds 0.1 >out 2>err && ! grep -q gone out && grep -q 'A test microphone' out; check "the name of the microphone outlives it"
with_fake timeout 300 python3 "$here/terminal.py" "$avsvt" "$data/melody.flac" >out 2>err; check "warnings, Ctrl-Z and two Ctrl-C leave the terminal as it was"
expect 0 with_fake env AVSVT_TEST_MUTED=1 "$avsvt" listen --seconds 0.1 && grep -q '^A test microphone: nothing was heard that is sung; .*--list-inputs' err; check "a microphone that hears nothing"
expect 0 with_fake "$avsvt" listen --list-inputs && grep -q 'A test microphone.*the usual' out; check "the microphones are listed"
expect 1 with_fake "$avsvt" listen --input nothing --seconds 1 && grep -q "no microphone 'nothing'" err; check "a microphone that is not there"
if cc -shared -fPIC -o fake/libasound.so.2 "$here/asound.c" 2>err; then
    expect 0 with_fake "$avsvt" listen "$data/melody.flac" --fast --alsa &&
        grep -q '^port avsvt 1' played && [ "$(grep -c '^on ' played)" = "$(grep -c '^off ' played)" ] && grep -q '^on 66 from 3' played
    check "notes are played on the ALSA sequencer"
fi
cc -shared -fPIC -pthread -o fake/libjack.so.0 "$here/jack.c" 2>err; check "a JACK for tests is built"
expect 0 with_fake "$avsvt" listen "$data/melody.flac" --fast --jack &&
    grep -q '^port midi, 8 bit raw midi, 2 0' played && grep -q '^on 66 at 0, 3' played && ! grep -q '^?' played &&
    [ "$(grep -c '^on ' played)" -ge 17 ] && [ "$(grep -c '^on ' played)" = "$(grep -c '^off ' played)" ] &&
    tail -n 1 played | grep -q '^off' && grep -q 'avsvt-01:midi' err
check "notes are played on JACK, to the last"
expect 0 env AVSVT_TEST_JACK_ENDS=1 LD_LIBRARY_PATH="$PWD/fake" AVSVT_TEST_SEQUENCER="$PWD/played" "$avsvt" listen "$data/melody.flac" --fast --jack &&
    grep -q 'JACK server ended' err && [ "$(wc -l <out)" -ge 18 ]
check "a JACK server that ends does not end the listening"
expect 1 env LD_LIBRARY_PATH="$PWD/fake" "$avsvt" listen "$data/melody.flac" --fast --jack && grep -q 'no JACK server' err && [ "$(wc -l <err)" = 1 ]
check "no JACK server is told"

# Several inputs
expect 0 "$avsvt" transcribe two.flac "$data/melody.flac" -o many/notes -f json && json many/notes/two.json && json many/notes/melody.json
check "several inputs into a new folder"
echo mine >many/notes/two.json
"$avsvt" transcribe two.flac "$data/melody.flac" -o many/notes -f json 2>err; [ $? = 1 ] && [ "$(grep -c 'is there already.*--force' err)" = 2 ] && [ "$(cat many/notes/two.json)" = mine ]
check "nothing in a folder is written over"
rm many/notes/melody.json
expect 1 "$avsvt" transcribe -q two.flac "$data/melody.flac" -o many/notes -f json && [ "$(cat many/notes/two.json)" = mine ] && json many/notes/melody.json
check "what was not there yet is written all the same"
expect 0 "$avsvt" transcribe two.flac "$data/melody.flac" -o many/notes -f json --force && json many/notes/two.json; check "--force writes over it"
expect 1 "$avsvt" transcribe two.flac "$data/../data/melody.flac" melody.csv -o many2; check "one name twice is refused"
"$avsvt" transcribe missing.wav two.flac -q -o many3 2>err; [ $? = 1 ] && [ -s many3/two.csv ] && [ "$(wc -l <err)" = 1 ]
check "a bad input does not stop the others"
mkdir ref est; cp melody.csv ref/one.csv; cp melody.csv ref/two.csv; cp melody.csv est/one.csv; cp melody.csv est/other.csv
expect 0 "$avsvt" evaluate notes ref est && grep -q 'no estimate' out && grep -q 'COnPOff *50.00' out && grep -q other err
check "folders: missing ones count and are told of"
mkdir midi one; cp b.mid midi/melody.mid; cp melody.csv one/
expect 0 "$avsvt" evaluate notes one midi && grep -q 'COn  *100.00' out; check "a folder of MIDI files"
expect 0 "$avsvt" evaluate notes ref est --json && json out; check "folders as JSON"
mkdir both; cp melody.csv both/one.csv; cp melody.csv both/one.b.csv; cp b.mid both/one.mid; cp b.mid both/two.MID
expect 0 "$avsvt" evaluate notes both both && grep -q '^COnPOff *100.00' out && grep -q ' 3 songs' out; check "names that begin alike; endings in capitals"
mkdir nothing; expect 1 "$avsvt" evaluate notes ref nothing; check "an empty folder"
mkdir odd; cp ref/*.csv odd/; printf '1,1,60\n' >odd/two.csv
expect 1 "$avsvt" evaluate notes ref odd && grep -q '^avsvt: odd/two.csv against ref/two.csv: estimate: note 1' err; check "which file cannot be compared"

python3 "$here/noise_table.py" "$avsvt" >out 2>err; check "the table of noise is mir_eval's"
grep '^left out' out
expect 1 "$avsvt" evaluate n20emv2 ref && grep -q N20EMv2 err; check "a folder that is not laid out so"
mkdir -p v3/data/a; echo '[[0, 1, 60]]' >v3/data/a/note_anno.json
expect 1 "$avsvt" evaluate n20emv2 v3 && grep -q SNR_0dB err; check "no predictions"
expect 1 "$avsvt" evaluate n20emv2 v3 --list melody.csv; check "a list that is none"
expect 1 "$avsvt" evaluate n20emv2 v3 --list v3 && grep -q '^avsvt: v3: cannot be read' err; check "a list that is a folder"
mkdir names; cp melody.csv names/a.csv; cp melody.csv 'names/über die Straße.csv'; cp melody.csv 'names/東京の歌.csv'; cp melody.csv "names/$(printf 'U\314\210ber dieser langen Stra\303\237e').csv"
expect 0 "$avsvt" evaluate notes names names && python3 -c 'import sys, unicodedata as u; lines = open("out", encoding="utf-8").read().split("\n\n")[0].splitlines(); assert len({sum(0 if u.combining(c) else 2 if u.east_asian_width(c) in "WF" else 1 for c in line) for line in lines}) == 1, lines' >err 2>&1
check "names in UTF-8 leave columns where they are"
expect 2 "$avsvt" evaluate notes ref est --list x; check "--list is for n20emv2"
mkdir -p 'v3/data/b, "c"/noise_data/white'; cp v3/data/a/note_anno.json 'v3/data/b, "c"/'; cp v3/data/a/note_anno.json 'v3/data/b, "c"/noise_data/clean_audio_pred.json'
printf '\357\273\277sound,notes\r\n/x/a.wav,notes/test/a.csv\r\n\r\n"/x/b, ""c"".wav","notes/test/b, ""c"".csv"\r\n' >v3.csv
expect 0 "$avsvt" evaluate n20emv2 v3 --list v3.csv && grep -q '2 songs' out && grep -q '50.00' out; check "a list of songs with commas in their names"
printf 'ID,duration,wav\na_1,1,x\n"b, ""c""_1",2,x\na_2,3,x\n' >v3.csv
expect 0 "$avsvt" evaluate n20emv2 v3 --list v3.csv && grep -q '2 songs' out && grep -q '50.00' out; check "a list that is sorted by length has each song once"

# prepare
mkdir set; cp two.flac set/a.flac; cp melody.csv set/a.csv; cp two.flac set/b.flac
expect 0 "$avsvt" prepare folder set -o lists --json && json out && grep -q '"left_out": 1' out && grep -q 'b.csv' err &&
    grep -q 'set/a.flac,notes/train/a.csv' lists/train.csv && [ -s lists/labels/train/a/frame_anno.npy ]
check "a folder becomes lists; what lacks notes is told of"
expect 0 "$avsvt" evaluate notes melody.csv lists/notes/train/a.csv && grep -q 'COnPOff *100.00' out; check "the lists' notes are the same"
cp lists/train.csv lists/valid.csv; cp lists/folder_train.csv lists/folder_valid.csv
expect 0 "$avsvt" prepare folder set -o lists && grep -q '^avsvt: note: .*lists/valid.csv: is of an earlier run' err && [ "$(grep -c earlier err)" = 2 ]
check "lists of another run are told of"
mkdir large; for i in 1 2 3 4 5 6 7 8 9; do for k in 1 2 3 4 5 6 7 8 9; do for l in 1 2 3 4 5 6 7 8 9; do
    ln -s ../two.flac large/$i$k$l.flac; ln -s ../melody.csv large/$i$k$l.csv; done; done; done
python3 - "$avsvt" >out 2>err <<'EOF'
import os, signal, subprocess, sys
p = subprocess.Popen([sys.argv[1], "prepare", "folder", "large", "-o", "lists4"], stderr=subprocess.PIPE, text=True,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
while not os.path.exists("lists4/notes/train/111.csv"):
    assert p.poll() is None
p.send_signal(signal.SIGINT)
said = p.communicate()[1]
assert p.returncode == -signal.SIGINT and said == "avsvt: stopped; no lists were written to lists4\n", (p.returncode, said)
assert not os.path.exists("lists4/train.csv")
EOF
check "prepare can be stopped, and says what it has not written"
expect 1 "$avsvt" prepare dsing set -o lists2 && [ ! -e lists2/train.csv ]; check "a folder that is no such set"
expect 1 "$avsvt" prepare n20emv2 set -o lists3 && grep -q annotations.json err; check "annotations that are missing"
# train
mkdir songs && cp "$data/melody.flac" songs/a.flac && printf '0.5,1,60\n' >songs/a.csv
python3 - <<'END'
import struct, zipfile # weights of the null backend's
with zipfile.ZipFile("small.pt", "w") as z:
    z.writestr("m/extra/avsvt.yaml", "avsvt: 1\nname: small\nrole: pipeline\ntask: notes\n")
    for i, values in enumerate([(.5, .25), (.1,), (0,)]):
        z.writestr(f"m/data/{i}", struct.pack(f"<{len(values)}f", *values))
END
printf 'avsvt: 1\nmodel: small.pt\noutput: run\nsteps: 2\ndata: {train: songs}\n' >r.yaml
expect 1 "$avsvt" train missing.yaml; check "train of a missing recipe"
printf 'avsvt: 1\nspeed: 3\n' >bad.yaml
expect 1 "$avsvt" train bad.yaml && grep -q "'speed' is not a key" err; check "train names an unknown key"
expect 2 "$avsvt" train; check "train without a recipe"
expect 2 "$avsvt" train r.yaml --processes 65; check "train in too many processes"
expect 2 env RANK=0 WORLD_SIZE=2 "$avsvt" train r.yaml --processes 2 && grep -q 'unset RANK' err; check "train started by two at once"
for v in OMPI_COMM_WORLD_SIZE PMI_SIZE SLURM_STEP_NUM_TASKS; do
    expect 2 env $v=2 "$avsvt" train r.yaml --processes 2 && grep -q "by $v there are several" err; check "train started by two at once ($v)"
    expect 1 env $v=1 "$avsvt" train r.yaml --processes 2 --backend null && grep -q 'trains in one process only' err; check "train in processes of one that $v counts"
done
expect 1 "$avsvt" train r.yaml --processes 2 --backend null && grep -q 'trains in one process only' err
check "train in processes without a backend for it"
expect 0 "$avsvt" train r.yaml --backend null --json && json out && [ -s run/last.pt ] && [ "$(wc -l <run/log.jsonl)" = 2 ]
check "train writes a model and a log"
expect 0 "$avsvt" train r.yaml --backend null && grep -q 'goes on after step 2' err; check "train goes on"
mkdir shout; cp songs/a.flac shout/A.FLAC; cp songs/a.csv shout/A.csv; sed 's/: songs}/: shout}/; s/: run/: run3/' r.yaml >r3.yaml
expect 0 "$avsvt" train r3.yaml --backend null; check "train takes endings in capitals"
printf '\357\273\277sound,notes\r\nsongs/a.flac,songs/a.csv\r\n' >bom.csv; sed 's/: songs}/: bom.csv}/; s/: run/: run2/' r.yaml >r2.yaml
expect 0 "$avsvt" train r2.yaml --backend null; check "train takes a list with a byte order mark"
expect 0 "$avsvt" info run/last.pt && grep -q 'training: {from: "small", steps: 2' out && grep -q 'trained_on: not told}' out; check "the model says how it was trained"
sed 's/: run/: run4/' r.yaml >r4.yaml; printf 'trained_on: [{name: "my songs", licence: mine}]\nlicence: mine\n' >>r4.yaml
expect 0 "$avsvt" train r4.yaml --backend null && expect 0 "$avsvt" info run4/last.pt && grep -q '{name: "my songs", licence: "mine"}$' out && ! grep -q 'not told' out && grep -q '^licence .*mine$' out; check "the model says what it was trained on"
expect 0 "$avsvt" info run4/last.pt --json && json out && grep -q '"trained_on": \[{"name": "my songs", "licence": "mine"}\]' out; check "and in JSON"

# mix, info, bench
expect 0 "$avsvt" mix two.flac "$data/melody.flac" --snr 10 -o mixed.wav && expect 0 "$avsvt" info mixed.wav --json && json out; check "mix"
expect 0 "$avsvt" mix two.flac --noise white --snr 0 -o w1.wav && expect 0 "$avsvt" mix two.flac --noise white --snr 0 -o w2.wav &&
    cmp -s w1.wav w2.wav && expect 0 "$avsvt" mix two.flac --noise white --seed 1 --snr 0 -o w2.wav && ! cmp -s w1.wav w2.wav
check "white noise is the same for a seed, another for another"
expect 0 "$avsvt" mix two.flac set --noise natural --snr 0 -o n.wav && expect 0 "$avsvt" mix two.flac set --noise babble --snr 0 -o b.wav &&
    expect 0 "$avsvt" mix two.flac mixed.wav --noise accompaniment --snr 0 -o a.wav && ! cmp -s n.wav b.wav
check "noise of folders, and accompaniment"
python3 -c 'import wave; w = wave.open("mute.wav", "wb"); w.setparams((1, 2, 16000, 0, "NONE", None)); w.writeframes(bytes(32000))'
expect 0 "$avsvt" mix two.flac mute.wav --snr 0 -o x.wav && grep -q 'mute.wav is silent' err; check "silence for noise is told"
rm x.wav
expect 2 "$avsvt" mix two.flac mixed.wav --noise white --snr 0 -o x.wav; check "white noise takes no file"
expect 1 "$avsvt" mix two.flac nothing --noise babble --snr 0 -o x.wav && [ ! -e x.wav ]; check "a folder without sound"
expect 0 "$avsvt" info && grep -q notes-default out; check "info of the built-in model"
expect 0 "$avsvt" info --json && json out; check "info as JSON"
expect 0 "$avsvt" info two.flac && grep -q 22050 out; check "info of a recording"
expect 0 "$avsvt" info melody.csv && grep -q D5 out; check "info of notes"
python3 -c 'open("lips.npy", "wb").write(b"\x93NUMPY\1\0\x40\0" + b"{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2, 4, 5)}".ljust(64) + bytes(40))'
expect 0 "$avsvt" info lips.npy && grep -q 'frames  *2$' out && expect 0 "$avsvt" info lips.npy --json && json out; check "info of an array of pictures"
expect 1 "$avsvt" transcribe lips.npy; check "pictures as sound"
python3 -c '
import json
face = [[2 + i % 3, 3 + i % 2] for i in range(68)]
for i, p in zip((33, 36, 39, 42, 45), ((2, 3), (0, 1), (1, 1), (3, 1), (4, 1))): face[i] = p
json.dump([None, face], open("face.json", "w"))'
expect 0 "$avsvt" crop lips.npy --landmarks face.json -o crop.npy -o crop.png -o crop.html --json && json out &&
    [ "$(head -c 8 crop.png | tail -c 7)" = "$(printf 'PNG\r\n\032\n')" ] && grep -q 'image/png' crop.html && [ "$(wc -c <crop.npy)" = 18560 ]
check "crop writes an array, a sheet and a page"
expect 0 "$avsvt" crop lips.npy --landmarks face.json -o crop.npy -q --size 88 --smoothing centred --window 1 --rate 100 --landmarks-rate 50 &&
    expect 0 "$avsvt" info crop.npy && grep -q 'frames  *4$' out && grep -q 'width  *88$' out; check "crop at another rate and size"
expect 2 "$avsvt" crop lips.npy -o crop.npy; check "crop without landmarks"
expect 2 "$avsvt" crop lips.npy --landmarks face.json -o crop.mp4; check "crop to an unknown format"
echo '[null, null]' >noface.json; expect 1 "$avsvt" crop lips.npy --landmarks noface.json -o c2.npy && [ ! -e c2.npy ]; check "crop without a face"
expect 0 "$avsvt" crop lips.npy --landmarks noface.json -o c2.npy --whole-picture; check "crop of whole pictures"
for name in b.mid b.midi b.MID b.Csv; do
    case $name in *Csv) cp melody.csv $name ;; *) [ -e $name ] || cp b.mid $name ;; esac
    expect 0 "$avsvt" info $name && grep -q D5 out; check "info of $name"
    expect 0 "$avsvt" sing melody.csv $name -q && grep -q ' 19 of 19' out; check "the song sung from $name"
done
expect 0 "$avsvt" bench two.flac --runs 1 --json && json out; check "bench"

# Ctrl-C, in the middle of long work
python3 - "$avsvt" >out 2>err <<'EOF'
import os, signal, struct, subprocess, sys, time
seconds = 3 * 3600
size = 2 * 16000 * seconds
with open("long.wav", "wb") as f: # silence, and next to nothing on the disk
    f.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", size))
    f.truncate(44 + size)

def reads(pid, name):
    """The number by which the process holds this file open, as text, or None;
    descriptors come and go meanwhile."""
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/fd/{descriptor}")) == name:
                return descriptor
        except FileNotFoundError:
            pass
    return None

for number in signal.SIGINT, signal.SIGTERM:
    p = subprocess.Popen([sys.argv[1], "transcribe", "long.wav", "-o", "long.mid"], stderr=subprocess.PIPE,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    while p.poll() is None and not reads(p.pid, "long.wav"):
        time.sleep(.002)
    p.send_signal(number)
    message = p.communicate()[1].decode()
    assert p.returncode == -number, (number, p.returncode, message)
    assert message.startswith("avsvt: stopped") and message.count("\n") == 1, message
    left = [f for f in os.listdir(".") if f.startswith("long") or f.startswith(".long")]
    assert left == ["long.wav"], left
    assert message == "avsvt: stopped; nothing was written\n", message

p = subprocess.Popen([sys.argv[1], "transcribe", "two.flac", "long.wav", "-q", "-o", "some"], stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
while p.poll() is None and not reads(p.pid, "long.wav"):
    time.sleep(.002)
p.send_signal(signal.SIGINT)
message = p.communicate()[1].decode()
assert os.listdir("some") == ["two.csv"] and message == "avsvt: stopped; nothing was written of long.wav and those after it\n", message

p = subprocess.Popen([sys.argv[1], "transcribe", "long.wav"], preexec_fn=lambda: os.closerange(0, 3))
while p.poll() is None and not reads(p.pid, "long.wav"):
    time.sleep(.002)
number = reads(p.pid, "long.wav")
p.kill()
p.wait()
assert int(number) > 2, f"the file is open where stream {number} was closed"
EOF
check "Ctrl-C stops in one line and leaves no half file; no file takes the place of a closed stream"

echo "$((checks - failures)) of $checks checks passed"
[ $failures = 0 ]
