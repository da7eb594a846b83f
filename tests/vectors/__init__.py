"""Digests of another implementation, and the script that writes them."""
