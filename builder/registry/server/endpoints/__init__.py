"""What the distribution protocol offers, one file per kind of thing. Each function answers one method on one path."""
