# SPDX-License-Identifier: MIT
"""lint.py ROOT: what the house style asks of every file and public function."""
import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 500
MAX_FUNCTION = 60
CODE = {".c", ".h", ".cpp", ".cc", ".hpp", ".py", ".sh", ".cmake", ".js", ".css"}
SPDX = "SPDX-License-Identifier: MIT"

root = Path(sys.argv[1])
problems = []


def tracked():
    """What git knows, or everything where there is no git."""
    try:
        names = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()
                 and not p.relative_to(root).parts[0].startswith(("build", "."))]
    return [n for n in names if (root / n).is_file()]


def check_licence(name, lines):
    if not any(SPDX in line for line in lines[:3]):
        problems.append(f"{name}:1: no '{SPDX}' in the first lines")


def check_functions(name, lines):
    """A function body starts with { and ends with } in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > MAX_FUNCTION:
                problems.append(f"{name}:{start}: a function of "
                                f"{number - start - 1} lines (at most {MAX_FUNCTION})")
            start = None


def check_public(name, text):
    """Each AVSVT_API function has a comment with @thread, @rt and @since."""
    for match in re.finditer(r"^AVSVT_API\s[^;]*?(avsvt_\w+)\(", text, re.M):
        number = text.count("\n", 0, match.start()) + 1
        before = text[:match.start()].rstrip()
        comment = before[before.rfind("/**"):] if before.endswith("*/") else ""
        for tag in ("@thread", "@rt", "@since"):
            if not re.search(tag + r"\s+\S", comment):
                problems.append(f"{name}:{number}: {match.group(1)}() has no {tag}")


for name in tracked():
    path = Path(name)
    if path.suffix not in CODE and path.name != "CMakeLists.txt":
        continue
    text = (root / name).read_text(encoding="utf-8")
    lines = text.splitlines()
    if not text.strip():
        continue
    check_licence(name, lines)
    if path.parts[0] in ("lib", "shim", "include") and path.suffix in CODE:
        if len(lines) > MAX_LINES:
            problems.append(f"{name}: {len(lines)} lines (at most {MAX_LINES})")
    if path.parts[0] in ("lib", "shim") and path.suffix in (".c", ".cpp"):
        check_functions(name, lines)
    if path.parts[0] == "include":
        check_public(name, text)

print("\n".join(problems) if problems else "nothing to object to")
sys.exit(1 if problems else 0)
