"""One file for each builder; `protocol.py` says what they have in common."""
