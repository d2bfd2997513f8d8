# SPDX-License-Identifier: MIT
"""Runs each program once to warm the file cache and three times for the
figures, on one core, and prints the fastest. Called by peers.sh."""
import os
import subprocess
import sys
import time

import numpy as np
import soundfile

BASIC_PITCH = """
import sys
from basic_pitch import ICASSP_2022_MODEL_PATH
from basic_pitch.inference import predict
predict(sys.argv[1])
"""
SWIFT_F0 = """
import sys
from swift_f0 import SwiftF0, segment_notes
detector = SwiftF0()
segment_notes(detector.detect_file(sys.argv[1]))
"""


def lengthen(sound, minutes, folder):
    samples, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    samples = samples.mean(1)
    wanted = int(minutes * 60 * rate)
    path = os.path.join(folder, "song.wav")
    soundfile.write(path, np.resize(samples, wanted), rate, subtype="PCM_16")
    return path


def measure(command, core):
    """Wall seconds, processor seconds and peak memory (MB) of one process."""
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    start = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL,
                             preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit("failed: " + " ".join(command[:3]))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    if len(sys.argv) != 5:
        raise SystemExit("usage: peers.py AVSVT SOUND MINUTES FOLDER (peers.sh calls it)")
    avsvt, sound, minutes, folder = sys.argv[1:]
    path = lengthen(sound, float(minutes), folder)
    core = max(os.sched_getaffinity(0))
    programs = [
        ("avsvt", [avsvt, "transcribe", path, "-o", os.path.join(folder, "song.csv")]),
        ("SwiftF0", [sys.executable, "-c", SWIFT_F0, path]),
        ("basic-pitch", [sys.executable, "-c", BASIC_PITCH, path]),
    ]
    print(f"{minutes} minutes of sound, one core, loading included")
    print(f"{'':12}{'wall s':>9}{'cpu s':>9}{'MB':>7}{'time / avsvt':>14}")
    ours = None
    for name, command in programs:
        measure(command, core)
        wall, cpu, memory = min(measure(command, core) for _ in range(3))
        ours = ours or wall
        print(f"{name:12}{wall:9.2f}{cpu:9.2f}{memory:7.0f}{wall / ours:14.1f}", flush=True)


if __name__ == "__main__":
    main()
