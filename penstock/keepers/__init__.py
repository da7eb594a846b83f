"""Edge: programs that keep a venue going: prices, funding, liquidations, deleveraging, fees, exits.

    keeper ─ decide(now) ─▶ Decision ─ act ─▶ Wallet ─▶ chain
       ▲                                                 │
       └──── Mirror ◀──────────── events ────────────────┘

A keeper keeps nothing: what it knows comes from the chain's events, what it plans is tried on the
model, and before it sends it asks the node what would happen. So it can be ended at any moment, and
a second one beside it does no harm (docs/keepers.md).
"""
