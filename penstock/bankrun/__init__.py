"""A run on the venue as a test and as a picture: what was promised, and when it was kept."""
