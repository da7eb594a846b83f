#!/bin/sh
# Print the first suitable Python that runs. Being on PATH is not enough: version managers leave names there that refuse.
# 3.13 comes last, because pyrevm, which the deepest tests run on, has no build for it.
fits() {
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= $2)" 2>/dev/null
}
for name in python3 python3.12 python3.11; do
    if fits "$name" "(3, 12)"; then command -v "$name" && exit 0; fi
done
for name in python3 python3.13; do
    if fits "$name" "(3, 13)"; then command -v "$name" && exit 0; fi
done
