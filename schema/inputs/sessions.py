"""What signing in takes."""

import strawberry

from rules.limits import PASSWORD_LENGTH_MIN
from schema.inputs.declare import ID, given


@strawberry.input(description="Email and password of a staff member.")
class SignInInput:
    email: str = given("The staff member's email address.")
    password: str = given("The staff member's password.")
    code: str | None = given(
        "What the authenticator app shows, or a recovery code, where a second factor is on or is being set up.",
        default=None,
    )


@strawberry.input(description="A refresh token, good for one use.")
class RefreshSessionInput:
    refresh_token: str = given("The newest refresh token of the session.")


@strawberry.input(description="Ends the caller's session.")
class SignOutInput:
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)


@strawberry.input(description="Ends one of the caller's own sessions.")
class EndSessionInput:
    session_id: ID = given("The session to end; its tokens are refused at once.")


@strawberry.input(description="Gives the caller another password.")
class ChangePasswordInput:
    current_password: str = given("The password until now.")
    new_password: str = given(f"At least {PASSWORD_LENGTH_MIN} characters.")
