"""What runs later: ARQ settings, crons and one-line jobs that call operations."""
