# SPDX-License-Identifier: MIT
"""terminal.py AVSVT SOUND: what stands on a terminal while something live is drawn
on it, and after: standard output and error are the same terminal, as for people."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import wave

avsvt, sound = sys.argv[1:]
TAKE, GIVE_BACK = b"\033[?1049h", b"\033[?25h\033[?1049l"


class Terminal:
    """A command in a session of its own, with a terminal that controls it."""

    def __init__(self, *command, env={}, **options):
        self.own, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def settle():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            fcntl.ioctl(1, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([avsvt, *command], stdout=its, stderr=its, start_new_session=True,
                                        preexec_fn=settle, env={**os.environ, "TERM": "xterm", **env},
                                        **{"stdin": subprocess.DEVNULL, **options})
        os.close(its)
        self.drawn = b""

    def until(self, what, times=1):
        while self.drawn.count(what) < times:
            self.drawn += os.read(self.own, 65536)

    def rest(self):
        while True:
            try:
                self.drawn += os.read(self.own, 65536)
            except OSError:  # its side is closed
                return self.process.wait()


# What the library warns of in the middle is told when the screen is given back.
whole = open(sound, "rb").read()
with open("damaged.flac", "wb") as f:
    f.write(whole[:len(whole) // 2])
for command in (["listen"], ["sing", sound.replace(".flac", ".csv"), "--live"]):
    t = Terminal(*command, "damaged.flac", "--fast")
    assert t.rest() == 0, t.drawn
    screen, after = t.drawn.split(GIVE_BACK)
    assert TAKE in screen and b"note: " not in screen, screen[-2000:]
    assert b"note: " in after and b"damaged.flac" in after, after

# Ctrl-Z gives the terminal back, and fg takes it again.
read, write = os.pipe()
t = Terminal("listen", "-", "--raw", "s16", "--rate", "16000", stdin=read)
os.close(read)
os.write(write, bytes(32000))
t.until(b"\033[H")
# A process that leads its session is not stopped by its terminal, as nobody could let
# it go on: it goes on at once, and both are seen.
t.process.send_signal(signal.SIGTSTP)
t.until(GIVE_BACK)
t.until(TAKE, 2)
os.write(write, bytes(32000))
t.process.send_signal(signal.SIGTSTP)  # for the second time, too
t.until(TAKE, 3)

os.close(write)
assert t.rest() == 0
assert t.drawn.count(TAKE) == t.drawn.count(GIVE_BACK) == 3, t.drawn

# What was stopped goes on at the sound's pace: it does not catch up.
with wave.open("pace.wav", "wb") as f:
    f.setparams((1, 2, 8000, 0, "NONE", ""))
    f.writeframes(bytes(2 * 8000 * 3))
began = time.monotonic()
t = Terminal("listen", "pace.wav")
t.until(b"\033[H")
os.kill(t.process.pid, signal.SIGSTOP)
os.waitpid(t.process.pid, os.WUNTRACED)
stopped = time.monotonic()
time.sleep(2)
goes_on = time.monotonic()
os.kill(t.process.pid, signal.SIGCONT)
assert t.rest() == 0
ran = time.monotonic() - goes_on + stopped - began
assert ran > 2.9, ran  # of 3 s

# A second Ctrl-C ends at once what the first could not, with the terminal as it was.
t = Terminal("listen", env={"AVSVT_TEST_STUCK": "1"})
t.until(b"\033[H")
t.process.send_signal(signal.SIGINT)
t.until(b"stuck")
t.process.send_signal(signal.SIGINT)
assert t.rest() == -signal.SIGINT, t.drawn
assert t.drawn.count(TAKE) == t.drawn.count(GIVE_BACK) == 1 and t.drawn.endswith(GIVE_BACK), t.drawn
