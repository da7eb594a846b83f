"""Perpetual futures: matched off-chain, settled on-chain in batches."""
