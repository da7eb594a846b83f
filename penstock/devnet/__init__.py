"""A rollup on one machine: L1, L2, bridge, batches, proofs and outages, of two anvils and Python.

It needs nothing of the venue. It is a model with the real contracts of the OP Stack, not an OP
Stack node: see docs/devnet.md for what it is not.
"""
