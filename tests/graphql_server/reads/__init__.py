"""Compiled reads, tested on a bookshop of their own."""
