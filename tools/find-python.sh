#!/bin/sh
# Print the first Python from 3.11 to 3.13 that runs. Being on PATH is not enough: version managers leave names there that refuse.
for name in python3 python3.12 python3.11 python3.13; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        command -v "$name"
        exit 0
    fi
done
