"""Edge: an exit followed from any machine: what the chain says of it, and its next step taken."""
