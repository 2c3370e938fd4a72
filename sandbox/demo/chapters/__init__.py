"""The story's chapters."""
