"""Leave a venue: the commands of `penstock exit`, for those who live in ape."""

from penstock.follow.cli import exit as cli

__all__ = ["cli"]
