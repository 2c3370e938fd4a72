"""Fixtures that several test modules of the sandbox share."""

from tests.sandbox.stripe_shop import shop, stripe_server

__all__ = ["shop", "stripe_server"]
