"""Mutations of sessions."""

import strawberry

import resolvers.sessions as resolve
from rules.limits import REFRESH_GRACE, SIGN_IN_FAILURES_IN_ALL_MAX, SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW, minutes
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.sessions import (
    ChangePasswordInput,
    EndSessionInput,
    RefreshSessionInput,
    SignInInput,
    SignOutInput,
)
from schema.payloads import EndSessionPayload, SessionPayload, SignOutPayload, UserPayload


@strawberry.type(description="Mutations of sessions.")
class SessionsMutations:
    sign_in = mutation(
        resolve.sign_in,
        takes=SignInInput,
        returns=SessionPayload,
        description=f"Begin a session with email and password. In {minutes(SIGN_IN_WINDOW)} an account may fail"
        f" {SIGN_IN_FAILURES_MAX} times from one address and {SIGN_IN_FAILURES_IN_ALL_MAX} times in all, and an address"
        f" {SIGN_IN_FAILURES_IN_ALL_MAX} times with any accounts; then `retryAfterSeconds` says how long to wait.",
    )
    refresh_session = mutation(
        resolve.refresh_session,
        takes=RefreshSessionInput,
        returns=SessionPayload,
        description="New tokens for a refresh token, once. Two tabs may use one within"
        f" {REFRESH_GRACE.seconds} seconds, and each gets tokens of its own; using it again later ends the session.",
    )
    sign_out = mutation(
        resolve.sign_out,
        INSPECTOR,
        takes=SignOutInput,
        returns=SignOutPayload,
        description="End the caller's session at once.",
    )
    end_session = mutation(
        resolve.end_session,
        INSPECTOR,
        takes=EndSessionInput,
        returns=EndSessionPayload,
        description="End one of the caller's own sessions at once, such as that of a lost telephone.",
    )
    change_password = mutation(
        resolve.change_password,
        INSPECTOR,
        takes=ChangePasswordInput,
        returns=UserPayload,
        description="Give the caller another password. Their other sessions end; wrong tries are limited as at signIn.",
    )
