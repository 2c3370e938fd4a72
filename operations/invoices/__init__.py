"""Separate invoices: split off, edited, sent, reminded of, and ended."""
