# SPDX-License-Identifier: MIT
"""The package as somebody meets it who has little else installed."""
import subprocess
import sys


def test_export_says_what_it_needs_where_pytorch_is_missing():
    program = ("import sys; sys.modules['torch'] = None\n"
               "from avsvt.export.__main__ import main; sys.exit(main(['--list']))")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr == ("avsvt.export: needs PyTorch, which is not installed: "
                          "pip install torch\n")


def test_the_package_carries_the_licence(root):
    licence = root / "bindings" / "python" / "LICENSE"
    assert licence.read_text() == (root / "LICENSE").read_text()
    assert '\nlicense-files = ["LICENSE"]\n' in licence.with_name("pyproject.toml").read_text()
