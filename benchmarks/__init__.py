"""Inspectpay beside the same answers made by hand, as ratios. Nothing deployed imports it."""
