"""Tests mirror the tree and run against real PostgreSQL, Valkey, SMTP and an HTTP Stripe."""
