"""What practice channels have in common."""
