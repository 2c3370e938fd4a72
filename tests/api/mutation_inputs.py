"""Inputs for every mutation: plausible ones for callers who may not run it, and ones with which it succeeds."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pyotp
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull
from graphql.type import is_required_input_field

import models
from rules import clock
from rules.access import Scope
from rules.identifiers import global_id
from rules.links import STAFF_LINK_LIFE, StaffLinkKind, digest, new_token
from schema.root import build_api
from tests.api.rich_world import RichWorld
from tests.world import PASSWORD, Api, Job, Json

Attempt = tuple[Api, Json]
Make = Callable[[RichWorld, Scope | None], Awaitable[Attempt]]

_numbers = count(1)


def plausible_input(rich: RichWorld, mutation: str) -> Json:
    """What the mutation requires, with ids of rows that exist: it would do something, were it run."""
    takes = build_api().graphql_schema.type_map[mutation[0].upper() + mutation[1:] + "Input"]
    made: Json = _plausible(takes, "", rich.ids)
    return made


def _plausible(kind: Any, name: str, ids: dict[str, str]) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return _plausible(kind.of_type, name, ids)
    if isinstance(kind, GraphQLList):
        return [_plausible(kind.of_type, name, ids)]
    if isinstance(kind, GraphQLInputObjectType):
        required = {field: given.type for field, given in kind.fields.items() if is_required_input_field(given)}
        return {field: _plausible(inner, field, ids) for field, inner in required.items()}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    samples = {"ID": ids.get(name, ids["inspectionId"]), "Decimal": "1.00", "Boolean": True, "Int": 1}
    return {**samples, "DateTime": "2026-11-23T15:00:00Z", "Date": "2026-12-31"}.get(kind.name, "somebody@people.test")


async def working_input(rich: RichWorld, mutation: str, scope: Scope | None) -> Attempt:
    """Who may run the mutation in this scope, and an input with which it succeeds, on rows made for it."""
    assert mutation in MAKERS, f"Say in MAKERS of {__name__} how {mutation} succeeds."
    return await MAKERS[mutation](rich, scope)


def _given(**given: Any) -> Make:
    async def make(rich: RichWorld, scope: Scope | None) -> Attempt:
        return rich.apis[scope], given

    return make


def _of_job(name: str, find: Callable[[Job], Any], **given: Any) -> Make:
    """One id of a fresh inspection."""

    async def make(rich: RichWorld, scope: Scope | None) -> Attempt:
        job = await rich.world.inspection()
        return rich.apis[scope], {name: find(job), **given}

    return make


def _of_draft(**given: Any) -> Make:
    async def make(rich: RichWorld, scope: Scope | None) -> Attempt:
        draft = await (await rich.world.inspection()).invoice("125.00")
        return rich.apis[scope], {"invoiceId": draft["id"], **given}

    return make


async def _part_paid(rich: RichWorld, scope: Scope | None) -> Attempt:
    """An open invoice of $125 on which $25 was paid."""
    draft = await (await rich.world.inspection()).invoice("125.00")
    given = {"invoiceId": draft["id"], "amount": "25.00", "method": "CASH"}
    (await rich.world.inspector.mutate("recordPayment", "payment { id }", **given)).done("payment")
    return rich.apis[scope], {"invoiceId": draft["id"]}


async def _new_user(rich: RichWorld) -> Json:
    given = {"email": f"user.{next(_numbers)}@lakeside.test", "password": PASSWORD}
    (await rich.world.inspector.mutate("createUser", "user { id }", name="Una User", **given)).done("user")
    return given


async def _sign_in(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], await _new_user(rich)


async def _refresh_session(rich: RichWorld, scope: Scope | None) -> Attempt:
    signed = await rich.world.anybody.mutate("signIn", "session { refreshToken }", **await _new_user(rich))
    return rich.apis[scope], {"refreshToken": signed.done("session")["refreshToken"]}


async def _sign_out(rich: RichWorld, _: Scope | None) -> Attempt:
    return await rich.world.signed_in((await _new_user(rich))["email"]), {}


async def _create_inspection(rich: RichWorld, scope: Scope | None) -> Attempt:
    people = [{"personId": await rich.world.person(), "role": "CLIENT"}]
    given = {"propertyAddress": "1 New Road", "scheduledAt": "2026-11-23T15:00:00Z", "people": people}
    return rich.apis[scope], given


async def _update_person(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], {"personId": await rich.world.person(), "name": "New Name"}


async def _add_inspection_person(rich: RichWorld, scope: Scope | None) -> Attempt:
    job = await rich.world.inspection()
    given = {"inspectionId": job.id, "personId": await rich.world.person(), "role": "LISTING_AGENT"}
    return rich.apis[scope], given


async def _add_invoice(rich: RichWorld, scope: Scope | None) -> Attempt:
    job = await rich.world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00"}
    return rich.apis[scope], given


async def _payable(rich: RichWorld, scope: Scope | None) -> tuple[Api, str]:
    """Somebody with an invoice to pay: the client, or else the agent."""
    job = await rich.world.inspection()
    if scope is Scope.CLIENT:
        return await job.client_portal(), job.primary_id
    invoice = await job.invoice("125.00")
    return await job.payment_link(invoice["id"]), str(invoice["id"])


async def _start_payment(rich: RichWorld, scope: Scope | None) -> Attempt:
    api, invoice_id = await _payable(rich, scope)
    return api, {"invoiceId": invoice_id}


async def _cancel_payment(rich: RichWorld, scope: Scope | None) -> Attempt:
    api, invoice_id = await _payable(rich, scope)
    started = await api.mutate("startPayment", "payment { id }", invoiceId=invoice_id)
    given = {"paymentId": started.done("payment")["id"]}
    return (rich.apis[scope] if scope is Scope.INSPECTOR else api), given


def _of_recorded(**given: Any) -> Make:
    async def make(rich: RichWorld, scope: Scope | None) -> Attempt:
        job = await rich.world.inspection()
        taken = {"invoiceId": job.primary_id, "amount": "50.00", "method": "CASH"}
        recorded = await job.api.mutate("recordPayment", "payment { id }", **taken)
        return rich.apis[scope], {"paymentId": recorded.done("payment")["id"], **given}

    return make


async def _sign_agreement(rich: RichWorld, _: Scope | None) -> Attempt:
    job = await rich.world.inspection(agreementBody="We inspect what can be seen.")
    (agreement,) = (await job.read("agreements { id }"))["agreements"]
    return await job.client_portal(), {"agreementId": agreement["id"], "name": "Clara Client"}


async def _share_client_portal(rich: RichWorld, scope: Scope | None) -> Attempt:
    client = rich.job.created["people"][0]["person"]["id"]
    return rich.apis[scope], {"inspectionId": rich.job.id, "personId": client}


async def _revoke_grant(rich: RichWorld, scope: Scope | None) -> Attempt:
    api, given = await _share_client_portal(rich, scope)
    shared = await api.mutate("shareClientPortal", "grant { id }", **given)
    return api, {"grantId": shared.done("grant")["id"]}


async def _an_automation(rich: RichWorld) -> str:
    world = rich.world
    (await world.inspector.mutate("updateCompany", "company { id }", advancedAutomationsEnabled=True)).done("company")
    given = {"name": "Ours", "trigger": "FEE_ADDED", "recipients": ["CLIENT"], "subject": "A fee", "message": "Hello"}
    saved = await world.inspector.mutate("saveAutomation", "automation { id }", **given)
    return str(saved.done("automation")["id"])


async def _save_automation(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], {"automationId": await _an_automation(rich), "subject": "Another fee"}


async def _delete_automation(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], {"automationId": await _an_automation(rich)}


async def _disconnect_stripe(rich: RichWorld, scope: Scope | None) -> Attempt:
    """Another company, so that this one can go on charging."""
    del scope
    _, owner = await rich.world.new_company("Hillside Inspections", f"hill.{next(_numbers)}@hillside.test")
    return owner, {}


async def _create_user(rich: RichWorld, scope: Scope | None) -> Attempt:
    given = {"name": "Ned New", "email": f"ned.{next(_numbers)}@lakeside.test", "password": PASSWORD}
    return rich.apis[scope], given


def _of_new_user(**given: Any) -> Make:
    async def make(rich: RichWorld, scope: Scope | None) -> Attempt:
        email = (await _new_user(rich))["email"]
        return rich.apis[scope], {"userId": global_id("User", (await models.User.get(email=email)).id), **given}

    return make


async def _end_session(rich: RichWorld, _: Scope | None) -> Attempt:
    email = (await _new_user(rich))["email"]
    api = await rich.world.signed_in(email)
    return api, {"sessionId": global_id("Session", (await models.SignIn.get(user__email=email)).id)}


async def _change_password(rich: RichWorld, _: Scope | None) -> Attempt:
    api = await rich.world.signed_in((await _new_user(rich))["email"])
    return api, {"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} and more"}


async def _enable_second_factor(rich: RichWorld, _: Scope | None) -> Attempt:
    return await rich.world.signed_in((await _new_user(rich))["email"]), {"password": PASSWORD}


async def _confirm_second_factor(rich: RichWorld, _: Scope | None) -> Attempt:
    api = await rich.world.signed_in((await _new_user(rich))["email"])
    begun = await api.mutate("enableSecondFactor", "secondFactorSetup { secret }", password=PASSWORD)
    return api, {"code": pyotp.TOTP(begun.done("secondFactorSetup")["secret"]).now()}


async def _invite_user(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], {"name": "Ina Invited", "email": f"ina.{next(_numbers)}@lakeside.test"}


async def _link_to(user: models.User, kind: StaffLinkKind) -> str:
    """The token of a link that a staff member got."""
    token = new_token()
    await models.StaffLink.create(
        company_id=user.company_id,
        user_id=user.id,
        kind=kind,
        token_hash=digest(token),
        expires_at=clock.now() + STAFF_LINK_LIFE[kind],
    )
    return token


async def _accept_invitation(rich: RichWorld, scope: Scope | None) -> Attempt:
    _, given = await _invite_user(rich, Scope.INSPECTOR)
    (await rich.world.inspector.mutate("inviteUser", "user { id }", **given)).done("user")
    token = await _link_to(await models.User.get(email=given["email"]), StaffLinkKind.INVITATION)
    return rich.apis[scope], {"token": token, "password": PASSWORD}


async def _reset_password(rich: RichWorld, scope: Scope | None) -> Attempt:
    user = await models.User.get(email=(await _new_user(rich))["email"])
    return rich.apis[scope], {"token": await _link_to(user, StaffLinkKind.PASSWORD_RESET), "password": PASSWORD}


async def _create_service(rich: RichWorld, scope: Scope | None) -> Attempt:
    return rich.apis[scope], {"name": f"Sewer scope {next(_numbers)}", "amount": "150.00"}


async def _update_service(rich: RichWorld, scope: Scope | None) -> Attempt:
    _, given = await _create_service(rich, Scope.INSPECTOR)
    created = await rich.world.inspector.mutate("createService", "service { id }", **given)
    return rich.apis[scope], {"serviceId": created.done("service")["id"], "amount": "160.00"}


async def _set_primary_client(rich: RichWorld, scope: Scope | None) -> Attempt:
    job = await rich.world.inspection(people=(("Clara Client", "CLIENT"), ("Carl Client", "CLIENT")))
    return rich.apis[scope], {"inspectionId": job.id, "inspectionPersonId": job.created["people"][1]["id"]}


MAKERS: dict[str, Make] = {
    "signIn": _sign_in,
    "refreshSession": _refresh_session,
    "signOut": _sign_out,
    "createInspection": _create_inspection,
    "updateInspection": _of_job("inspectionId", lambda job: job.id, propertyAddress="2 New Road"),
    "cancelInspection": _of_job("inspectionId", lambda job: job.id),
    "createPerson": _given(name="Pat"),
    "updatePerson": _update_person,
    "addInspectionPerson": _add_inspection_person,
    "removeInspectionPerson": _of_job("inspectionPersonId", lambda job: job.entry()),
    "setPrimaryClient": _set_primary_client,
    "addLineItem": _of_job(
        "inspectionId", lambda job: job.id, kind="FEE", description="Radon", amount="20.00", updateAgreements=False
    ),
    "updateLineItem": _of_job("lineItemId", lambda job: job.items[0], amount="360.00"),
    "removeLineItem": _of_job("lineItemId", lambda job: job.items[0]),
    "setNotificationsDisabled": _of_job("inspectionId", lambda job: job.id, disabled=True),
    "addInvoice": _add_invoice,
    "updateInvoice": _of_draft(fixedAmount="130.00"),
    "sendInvoice": _of_draft(),
    "updateInvoiceDueDate": _of_draft(dueOn="2026-12-31"),
    "voidInvoice": _of_draft(),
    "closeInvoiceShort": _part_paid,
    "markInvoiceUncollectible": _part_paid,
    "createPaymentLink": _of_draft(),
    "startPayment": _start_payment,
    "cancelPayment": _cancel_payment,
    "recordPayment": _of_draft(amount="25.00", method="CASH"),
    "removePayment": _of_recorded(reason="Counted twice."),
    "refundPayment": _of_recorded(amount="10.00"),
    "signAgreement": _sign_agreement,
    "shareClientPortal": _share_client_portal,
    "revokeGrant": _revoke_grant,
    "notifyPerson": _of_job("inspectionPersonId", lambda job: job.entry(), subject="Tomorrow", message="At nine."),
    "publishReport": _of_job("inspectionId", lambda job: job.id, url="https://reports.test/2"),
    "unlockReport": _of_job("inspectionId", lambda job: job.id),
    "saveAutomation": _save_automation,
    "deleteAutomation": _delete_automation,
    "updateCompany": _given(name="Lakeside Inspections"),
    "updateBranding": _given(phone="+1 555 0199"),
    "connectStripe": _given(),
    "disconnectStripe": _disconnect_stripe,
    "refreshStripeConnection": _given(),
    "createUser": _create_user,
    "updateUser": _of_new_user(name="Una Other"),
    "deactivateUser": _of_new_user(),
    "reactivateUser": _of_new_user(),
    "endSession": _end_session,
    "changePassword": _change_password,
    "enableSecondFactor": _enable_second_factor,
    "confirmSecondFactor": _confirm_second_factor,
    "disableSecondFactor": _of_new_user(),
    "inviteUser": _invite_user,
    "acceptInvitation": _accept_invitation,
    "requestPasswordReset": _given(email="owner@lakeside.test"),
    "resetPassword": _reset_password,
    "createService": _create_service,
    "updateService": _update_service,
}
