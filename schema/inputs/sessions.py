"""What signing in takes."""

import strawberry

from schema.inputs.declare import given


@strawberry.input(description="Email and password of a staff member.")
class SignInInput:
    email: str = given("The staff member's email address.")
    password: str = given("The staff member's password.")


@strawberry.input(description="A refresh token, good for one use.")
class RefreshSessionInput:
    refresh_token: str = given("The newest refresh token of the session.")


@strawberry.input(description="Ends the caller's session.")
class SignOutInput:
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)
