"""Products on connections: publishing, errors and their repair, readiness, badges."""
