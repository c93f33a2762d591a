"""Stock as a ledger: movements, what is on hand, and what each channel is told."""
