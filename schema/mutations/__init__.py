"""The mutations of each domain."""
