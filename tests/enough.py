# SPDX-License-Identifier: MIT
"""Reads `avsvt evaluate notes --json` and fails where a mean F1 in % is under
what is asked: enough.py COn=94.5 ..."""
import json
import sys

mean = json.load(sys.stdin)["mean"]
low = []
for item in sys.argv[1:]:
    name, least = item.split("=")
    got = 100 * mean[name]["f1"]
    print(f"{name} {got:.2f}, at least {least}")
    if got < float(least):
        low.append(name)
sys.exit("too low: " + ", ".join(low) if low else 0)
