"""What a channel holds of a variant, proved: sent, confirmed, seen again, and put right where it was changed there."""
