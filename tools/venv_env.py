"""Point every program of `.venv` at this project's own tools and caches.

`make setup` copies this file into the environment and a one-line `.pth` file imports it when Python
starts, so that `.venv/bin/ape`, `pytest` and `python` need no shell variables. What the user has
set wins. It runs at every start of Python: keep it to `os` and `sys`.
"""

import os
import sys

_ROOT = os.path.dirname(sys.prefix)
_DEFAULTS = {
    # ape caches packages by name and version only; an own folder keeps other projects out.
    "APE_DATA_FOLDER": os.path.join(_ROOT, ".ape-data"),
    # Where py-solc-x looks for `solc-v<version>`.
    "SOLCX_BINARY_PATH": os.path.join(_ROOT, ".tools", "solcx"),
    # The keccak in C; eth-hash would otherwise choose pycryptodome's.
    "ETH_HASH_BACKEND": "pysha3",
}

for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)

_BIN = os.path.join(sys.prefix, "bin")
if _BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join(filter(None, (_BIN, os.environ.get("PATH"))))
