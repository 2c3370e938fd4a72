"""Answers about payments."""

import strawberry

from models import Payment

Root = strawberry.Parent[Payment]


def payer_role_name(root: Root) -> str:
    """The payer's role, from the loaded entry of the People box."""
    return root.payer.role_name
