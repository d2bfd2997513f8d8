# SPDX-License-Identifier: MIT
"""screen.py COLUMNSxROWS COMMAND...: runs the command in a terminal of that size
and looks whether what it draws stays on it, and what it says beside it."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unicodedata

columns, rows = map(int, sys.argv[1].split("x"))
own, its = pty.openpty()
fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=its, stderr=subprocess.PIPE,
                           env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"})
os.close(its)
drawn = b""
while True:
    try:
        drawn += os.read(own, 65536)
    except OSError:  # its side is closed
        break
said = process.communicate()[1]
text = drawn.decode()
screen = text[text.index("\033[?1049h"):text.index("\033[?1049l")]
row = column = 0
pictures = 0
for part in re.findall(r"\033\[[0-9;?]*[A-Za-z]|[^\033]|\033", screen):
    if part.startswith("\033"):
        assert re.fullmatch(r"\033\[(H|K|[0-9;]*m|2?J|\?25[hl]|\?1049h)", part), repr(part)
        pictures += part == "\033[H"
        row, column = (0, 0) if part == "\033[H" else (row, column)
    elif part in "\r\n":
        row, column = (row + 1, column) if part == "\n" else (row, 0)
        assert row < rows, f"line {row + 1} of {rows}"
    else:
        assert unicodedata.category(part) != "Cc", repr(part)
        if not unicodedata.combining(part):
            column += 2 if unicodedata.east_asian_width(part) in "WF" else 1
        assert column < columns, f"column {column + 1} of {columns}: {screen!r}"
assert pictures and process.returncode == 0, (pictures, process.returncode, said)
sys.stdout.write(screen)
sys.stderr.buffer.write(said)
