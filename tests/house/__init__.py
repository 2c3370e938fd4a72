"""Tests of the house itself: what we agreed on, as tests that fail."""
