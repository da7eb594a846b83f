"""A keeper of a venue: the commands of `penstock keep`, for those who live in ape."""

from penstock.keepers.cli import keep as cli

__all__ = ["cli"]
