"""A crash as a test and as a picture: who bears the loss when a market falls by two fifths."""
