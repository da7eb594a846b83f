"""A rollup on this machine: the commands of `penstock devnet`, for those who live in ape."""

from penstock.devnet.cli import devnet as cli

__all__ = ["cli"]
