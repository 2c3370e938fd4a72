"""The outside world on one laptop: PostgreSQL, Valkey, a Stripe simulator and a mailbox. Never in production."""
