"""What mutations of staff take."""

import strawberry

import models
from rules.limits import PASSWORD_LENGTH_MIN
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="Changes a staff member; what is left out stays.")
class UpdateUserInput:
    user_id: ID = given("The staff member.")
    name: str | None = optional("Their name.")
    role: models.UserRole | None = optional("Their role; the last active owner stays one.")


@strawberry.input(description="Ends a staff member's access.")
class DeactivateUserInput:
    user_id: ID = given("The staff member; all of their sessions end at once.")


@strawberry.input(description="Gives a staff member their access back.")
class ReactivateUserInput:
    user_id: ID = given("The staff member, who signs in as before.")


@strawberry.input(description="Begins to set up the caller's second factor.")
class EnableSecondFactorInput:
    password: str = given("The caller's password.")


@strawberry.input(description="Turns the caller's second factor on.")
class ConfirmSecondFactorInput:
    code: str = given("What the authenticator app shows now.")


@strawberry.input(description="Turns a second factor off: the caller's own, or, for the owner, a staff member's.")
class DisableSecondFactorInput:
    code: str | None = given(
        "What the authenticator app shows now, or a recovery code, to turn one's own off.", default=None
    )
    user_id: ID | None = given("Somebody who lost theirs, instead of code; their sessions end.", default=None)


@strawberry.input(description="Invites somebody to join the staff.")
class InviteUserInput:
    name: str = given("Their name.")
    email: str = given("The address that the link is mailed to, and that they sign in with.")
    role: models.UserRole = given(
        "OWNER also changes the company's settings; INSPECTOR works with inspections and payments.",
        default=models.UserRole.INSPECTOR,
    )


@strawberry.input(description="Joins the staff by the link of an invitation.")
class AcceptInvitationInput:
    token: str = given("What stands behind `#invitation=` in the link.")
    password: str = given(f"At least {PASSWORD_LENGTH_MIN} characters.")


@strawberry.input(description="Asks for a link to choose a new password.")
class RequestPasswordResetInput:
    email: str = given("The address that the staff member signs in with.")


@strawberry.input(description="Chooses a new password by a mailed link.")
class ResetPasswordInput:
    token: str = given("What stands behind `#reset=` in the link.")
    password: str = given(f"At least {PASSWORD_LENGTH_MIN} characters.")
