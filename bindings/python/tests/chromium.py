# SPDX-License-Identifier: MIT
"""Chromium without a window, told what to do over a pipe (the DevTools protocol)."""
import json
import os
import select
import shutil
import subprocess

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
HANGS_S = 120  # of silence: then the browser is broken, not slow


def program():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """Started with a profile in `folder`; it reads descriptor 3 and writes 4."""

    def __init__(self, folder):
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        command = f'exec "$0" "$@" 3<&{theirs} 4>&{answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, program(), "--headless=new", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs, answers), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        os.close(answers)
        self._count, self._read = 0, b""

    def call(self, method, session=None, **params):
        """What the browser answers; a failure is an exception."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._count:
            pass  # an event
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _message(self):
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._from], [], [], HANGS_S)
            data = os.read(self._from, 1 << 16) if ready else b""
            if not data:
                raise RuntimeError("Chromium has ended, or hangs")
            self._read += data
        message, self._read = self._read.split(b"\0", 1)
        return json.loads(message)

    def page(self, url):
        """A new tab, in front, which is at that address: a tab that is created with one
        is still empty, and complete, for a moment."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        made = Page(self, self.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"])
        made.call("Page.navigate", url=url)
        return made

    def close(self):
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)


class Page:
    def __init__(self, browser, session):
        self._browser, self._session = browser, session

    def call(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def run(self, script):
        """The value of an expression, awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def finger(self, *points):
        """One finger along points of the screen."""
        for i, (x, y) in enumerate(points):
            self.call("Input.dispatchTouchEvent", type="touchMove" if i else "touchStart",
                      touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
