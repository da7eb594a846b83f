"""What `make bench` runs: each module has `run() -> list[Measure]`."""
