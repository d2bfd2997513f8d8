# SPDX-License-Identifier: MIT
"""_ffi.py against the headers: layouts by the C compiler, names by the list."""
import ctypes
import re
import shutil
import subprocess

import pytest
from avsvt import _ffi


def layout_program() -> str:
    lines = ["#include <stdio.h>", "#include <avsvt/avsvt.h>", "int main(void) {"]
    for name, kind in _ffi.STRUCTS.items():
        lines.append(f'    printf("{name} %zu\\n", sizeof({name}));')
        for field, *_ in kind._fields_:
            lines.append(f'    printf("{name}.{field} %zu %zu\\n", '
                         f"offsetof({name}, {field}), sizeof((({name} *)0)->{field}));")
    return "\n".join([*lines, "    return 0;", "}", ""])


def test_structs_lie_in_memory_as_the_c_compiler_lays_them_out(root, tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("left out: no C compiler")
    source, program = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text(layout_program())
    subprocess.run([compiler, "-std=c11", "-I", root / "include", source, "-o", program],
                   check=True)
    found = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    theirs = dict(line.split(" ", 1) for line in found.splitlines())
    ours = {}
    for name, kind in _ffi.STRUCTS.items():
        ours[name] = str(ctypes.sizeof(kind))
        for field, *_ in kind._fields_:
            place = getattr(kind, field)
            ours[f"{name}.{field}"] = f"{place.offset} {place.size}"
    assert ours == theirs


def test_every_struct_of_the_headers_is_known(root):
    text = "".join(path.read_text() for path in (root / "include/avsvt").glob("*.h"))
    assert set(re.findall(r"^\} (avsvt_\w+);", text, re.M)) == set(_ffi.STRUCTS)


def test_every_exported_function_is_declared_and_no_other(root):
    assert (root / "lib/symbols.txt").read_text().split() == _ffi.FUNCTIONS


def test_declarations_have_as_many_arguments_as_the_headers(root):
    text = "".join(path.read_text() for path in (root / "include/avsvt").glob("*.h"))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    counts = {name: 0 if inside.strip() == "void" else inside.count(",") + 1
              for name, inside in re.findall(
                  r"AVSVT_API[^;(]*?\b(avsvt_\w+)\(([^)]*)\)\s*;", text)}
    declared = {name: len(args) + 1 for name, args in _ffi._FALLIBLE.items()}
    declared.update((name, len(rest) - 1) for name, rest in _ffi._PLAIN.items())
    assert declared == counts


@pytest.mark.parametrize("table, prefix", [
    (_ffi.RULES, "AVSVT_RULE_"), (_ffi.FORMATS, "AVSVT_FORMAT_"),
    (_ffi.PRECISIONS, "AVSVT_PRECISION_")])
def test_named_numbers_are_those_of_the_headers(root, table, prefix):
    text = "".join(path.read_text() for path in (root / "include/avsvt").glob("*.h"))
    for name, number in table.items():
        if name is not None:
            assert re.search(rf"#define {prefix}{name.upper()} +{number}\b", text), name


def test_every_status_has_its_exception(root):
    from avsvt import errors
    text = (root / "include/avsvt/status.h").read_text()
    numbers = {int(n) for n in re.findall(r"#define AVSVT_E_\w+ +(\d+)", text)}
    assert numbers == set(errors.BY_STATUS)
