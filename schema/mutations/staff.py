"""Mutations of staff."""

import strawberry

import resolvers.staff as resolve
from rules.limits import RESET_MAILS_MAX
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.staff import (
    AcceptInvitationInput,
    ConfirmSecondFactorInput,
    DeactivateUserInput,
    DisableSecondFactorInput,
    EnableSecondFactorInput,
    InviteUserInput,
    ReactivateUserInput,
    RequestPasswordResetInput,
    ResetPasswordInput,
    UpdateUserInput,
)
from schema.payloads import (
    ConfirmSecondFactorPayload,
    EnableSecondFactorPayload,
    RequestPasswordResetPayload,
    SessionPayload,
    UserPayload,
)


@strawberry.type(description="Mutations of staff.")
class StaffMutations:
    invite_user = mutation(
        resolve.invite_user,
        INSPECTOR,
        takes=InviteUserInput,
        returns=UserPayload,
        description="Mail somebody a link to join the staff, good for 24 hours, once; for the owner. Inviting somebody"
        " again who has not come yet mails another link and ends the one before.",
    )
    accept_invitation = mutation(
        resolve.accept_invitation,
        takes=AcceptInvitationInput,
        returns=SessionPayload,
        description="Choose a password by the link of an invitation. Begins a session, unless signing in takes a second"
        " factor too: then sign in.",
    )
    request_password_reset = mutation(
        resolve.request_password_reset,
        takes=RequestPasswordResetInput,
        returns=RequestPasswordResetPayload,
        description="Mail a link to choose a new password to a staff member who forgot theirs, at most"
        f" {RESET_MAILS_MAX} times an hour. The answer does not tell whether the address is known.",
    )
    reset_password = mutation(
        resolve.reset_password,
        takes=ResetPasswordInput,
        returns=SessionPayload,
        description="Choose a new password by a mailed link, good for one hour, once; all sessions before end. Begins a"
        " session, unless signing in takes a second factor too: then sign in.",
    )
    update_user = mutation(
        resolve.update_user,
        INSPECTOR,
        takes=UpdateUserInput,
        returns=UserPayload,
        description="Change a staff member's name or role; for the owner.",
    )
    deactivate_user = mutation(
        resolve.deactivate_user,
        INSPECTOR,
        takes=DeactivateUserInput,
        returns=UserPayload,
        description="End a staff member's access and all of their sessions at once; for the owner. What they did stays"
        " theirs by name. The last active owner can't be deactivated.",
    )
    reactivate_user = mutation(
        resolve.reactivate_user,
        INSPECTOR,
        takes=ReactivateUserInput,
        returns=UserPayload,
        description="Let a deactivated staff member sign in again; for the owner.",
    )
    enable_second_factor = mutation(
        resolve.enable_second_factor,
        INSPECTOR,
        takes=EnableSecondFactorInput,
        returns=EnableSecondFactorPayload,
        description="Begin to set up the caller's second factor: a secret for an authenticator app (TOTP). It counts"
        " once confirmSecondFactor proves that the app has it.",
    )
    confirm_second_factor = mutation(
        resolve.confirm_second_factor,
        INSPECTOR,
        takes=ConfirmSecondFactorInput,
        returns=ConfirmSecondFactorPayload,
        description="Turn the caller's second factor on. From then on, signIn takes a code too.",
    )
    disable_second_factor = mutation(
        resolve.disable_second_factor,
        INSPECTOR,
        takes=DisableSecondFactorInput,
        returns=UserPayload,
        description="Turn the caller's second factor off, with a code of it; or, for the owner, that of somebody who"
        " lost theirs, whose sessions then end.",
    )
