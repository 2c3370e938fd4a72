"""What mutations of staff take."""

import strawberry

import models
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
