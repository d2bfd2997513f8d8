# SPDX-License-Identifier: MIT
"""noise_table.py AVSVT: the table of a small data set laid out as N20EMv2, made
of the golden note lists, against mir_eval's figures."""
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

GOLDEN = Path(os.environ.get("AVSVT_TEST_DATA", "")) / "reference/svt/golden"
SNRS = (-10, -5, 0, 5, 10)
LONG = "a kind of noïse whose name is as long as names of folders may be"
PLAIN = {"onset_tolerance": 0.05, "pitch_tolerance": 50}


def rows(npy):
    """The rows of a float64 array."""
    start = 10 + struct.unpack("<H", npy[8:10])[0]
    values = struct.unpack(f"<{(len(npy) - start) // 8}d", npy[start:])
    return [list(values[i:i + 3]) for i in range(0, len(values), 3)]


def value(case, key):
    """N20EMv2's scripts add 0 where nothing was estimated."""
    return case["values"][key] if case["values"] else 0.0


def run(avsvt, *arguments):
    done = subprocess.run([avsvt, "evaluate", "n20emv2", *arguments], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def main(avsvt):
    if not (GOLDEN / "case09_metrics.npz").exists():
        print(f"left out: {GOLDEN} is not there")
        return
    cases = [c for c in json.loads((GOLDEN / "case09_metrics.json").read_text())["cases"]
             if not c.get("raises") and c["options"] == PLAIN and c["n_ref"]]
    assert len(cases) >= 8
    with zipfile.ZipFile(GOLDEN / "case09_metrics.npz") as z:
        for c in cases:
            song = Path("v2/data") / c["key"]
            noise = song / "noise_data"
            estimate = z.read(f"{c['key']}_est.npy")
            reference = rows(z.read(f"{c['key']}_ref.npy"))
            noise.mkdir(parents=True)
            (song / "note_anno.json").write_text(json.dumps(reference))
            (noise / "clean_audio_pred.npy").write_bytes(estimate)
            for kind in ("accomp", "babble", "white", "natural", LONG):
                (noise / kind).mkdir()
                for snr in SNRS:
                    for system in ("audio", "av"):
                        (noise / kind / f"SNR_{snr}dB_{system}_pred.npy").write_bytes(estimate)
    # One song lacks one prediction, and counts as 0 there.
    Path(f"v2/data/{cases[0]['key']}/noise_data/white/SNR_5dB_av_pred.npy").unlink()
    done = run(avsvt, "v2", "--json")
    table = json.loads(done.stdout)
    assert table["songs"] == len(cases)
    assert len(table["rows"]) == 1 + 5 * 5 * 2
    names = {"COnPOff": "Precision Recall F-measure".split(),
             "COnP": "Precision_no_offset Recall_no_offset F-measure_no_offset".split(),
             "COn": "Onset_Precision Onset_Recall Onset_F-measure".split(),
             "COff": "Offset_Precision Offset_Recall Offset_F-measure".split()}
    for row in table["rows"]:
        lacks = (row["noise"], row["snr_db"], row["system"]) == ("white", 5, "av")
        assert row["missing"] == int(lacks), row
        for measure, keys in names.items():
            for key, part in zip(keys, ("precision", "recall", "f1"), strict=True):
                want = sum(value(c, key) for c in cases[int(lacks):]) / len(cases)
                assert abs(row[measure][part] - want) < 1e-9, (row, measure, part, want)
    assert "white, 5 dB, av: 1 of" in done.stderr
    text = run(avsvt, "v2").stdout
    f1 = sum(value(c, "F-measure") for c in cases) / len(cases)
    assert f"{100 * f1:7.2f}" in text and " clean" in text and text.count("natural") == 8, text
    for block in text.rstrip("\n").split("\n\n")[1:]:
        assert len({len(line) for line in block.splitlines()}) == 1, text
    # A list keeps some of them, ours and AV_SVT's alike.
    keep = cases[:2]
    Path("ours.csv").write_text("sound,notes\n" + "".join(
        f"/x/{c['key']}/vocals.wav,notes/test/{c['key']}.csv\n" for c in keep))
    Path("theirs.csv").write_text("ID,duration,wav,utter_id,utter_num,frame_anno,song_anno\n" + "".join(
        f"{c['key']}_{i},5,x,{i},2,x,x\n" for c in keep for i in (1, 2)))
    for name in ("ours.csv", "theirs.csv"):
        table = json.loads(run(avsvt, "v2", "v2", "--list", name, "--json").stdout)
        assert table["songs"] == 2, table
        want = sum(value(c, "Onset_F-measure") for c in keep) / 2
        assert abs(table["rows"][0]["COn"]["f1"] - want) < 1e-9


main(sys.argv[1])
