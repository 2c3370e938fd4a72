"""Tests of the demo and the story."""
