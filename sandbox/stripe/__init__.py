"""A stateful stand-in for Stripe's HTTP API, so that payments can be tried on a laptop without the internet."""
