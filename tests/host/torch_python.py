# SPDX-License-Identifier: MIT
"""The torch module in a Python that uses its own torch.

Arguments: the module, and what must come of it: "fine" or "conflict"."""
import ctypes
import sys

import torch

CONFLICT = 9
module, expected = sys.argv[1:]
torch.set_num_threads(2)
entry = ctypes.CDLL(module).avsvt_module_entry
entry.restype = ctypes.c_void_p
status = ctypes.c_int32()
message = ctypes.create_string_buffer(1024)
table = entry(1, ctypes.byref(status), message, len(message))
assert bool(table) == (expected == "fine"), message.value
assert status.value == (0 if expected == "fine" else CONFLICT), status.value
if expected == "conflict":
    assert torch.__path__[0].encode() in message.value, message.value
# Python's own torch goes on as before.
assert torch.get_num_threads() == 2
assert torch.allclose(torch.ones(3, 3) @ torch.ones(3, 3), torch.full((3, 3), 3.0))
