"""What each mutation asks of the operations: inputs translated, nothing decided."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from operations import (
    agreements,
    ending_invoices,
    grants,
    inspections,
    invoices,
    line_items,
    manual_payments,
    payments,
    people,
    primary_clients,
    refunds,
    rests,
    sending,
)
from operations.inspection_checks import NewPerson
from operations.shares import Share
from resolvers.context import Context
from resolvers.mutating import Changed, given_fields
from rules.identifiers import global_id, id_of
from rules.notices import links_ended


def _key(value: str | None, type_name: str) -> UUID | None:
    return None if value is None else id_of(value, type_name)


def _keys(values: Sequence[str] | None, type_name: str) -> list[UUID] | None:
    return None if values is None else [id_of(value, type_name) for value in values]


async def create_inspection(context: Context, input: Any) -> Changed:
    made = await inspections.create_inspection(
        context.caller,
        property_address=input.property_address,
        scheduled_at=input.scheduled_at,
        inspector_id=_key(input.inspector_id, "User"),
        people=[_person(person) for person in input.people],
        line_items=[_line_item(item) for item in input.line_items],
        agreement_body=input.agreement_body,
    )
    await context.outside.nudge("run_automations", None)
    return Changed(made)


def _person(input: Any) -> NewPerson:
    key = id_of(input.person_id, "Person")
    return NewPerson(person_id=key, role=input.role, role_name=input.role_name)


def _line_item(input: Any) -> line_items.NewLineItem:
    return line_items.NewLineItem(kind=input.kind, description=input.description, amount=input.amount)


async def update_inspection(context: Context, input: Any) -> Changed:
    changes = given_fields(input)
    key = id_of(changes.pop("inspection_id"), "Inspection")
    changes = {name: value for name, value in changes.items() if value is not None}
    if "inspector_id" in changes:
        changes["inspector_id"] = id_of(changes["inspector_id"], "User")
    return Changed(await inspections.update_inspection(context.caller, key, changes))


async def cancel_inspection(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    return Changed(await inspections.cancel_inspection(context.caller, key, stripe=context.outside.stripe))


async def create_person(context: Context, input: Any) -> Changed:
    key = await people.create_person(context.caller, name=input.name, email=input.email, phone=input.phone)
    return Changed(key)


async def update_person(context: Context, input: Any) -> Changed:
    changes = given_fields(input)
    key = id_of(changes.pop("person_id"), "Person")
    ended = await people.update_person(context.caller, key, changes)
    if not ended.addresses:
        return Changed(key)
    numbers = [invoice.number for invoice in ended.invoices]
    notice = links_ended(ended.addresses, invoice_numbers=numbers, portals=ended.portals)
    again = [global_id("Invoice", invoice.id) for invoice in ended.invoices]
    return Changed(key, told={"send_again": again}, notices=(notice,))


async def add_inspection_person(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    return Changed(await inspections.add_inspection_person(context.caller, key, _person(input)))


async def remove_inspection_person(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_person_id, "InspectionPerson")
    return Changed(await inspections.remove_inspection_person(context.caller, key))


async def set_primary_client(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    entry = id_of(input.inspection_person_id, "InspectionPerson")
    notices = await primary_clients.set_primary_client(context.caller, key, entry, stripe=context.outside.stripe)
    return Changed(key, notices=notices)


async def add_line_item(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    made = await line_items.add_line_item(
        context.caller,
        key,
        _line_item(input),
        update_agreements=input.update_agreements,
        stripe=context.outside.stripe,
    )
    await context.outside.nudge("run_automations", None)
    return Changed(made, notices=await rests.rests_beside_line_item(made))


async def update_line_item(context: Context, input: Any) -> Changed:
    changes = given_fields(input)
    key = await line_items.update_line_item(
        context.caller,
        id_of(input.line_item_id, "LineItem"),
        description=changes.get("description"),
        amount=changes.get("amount"),
        stripe=context.outside.stripe,
    )
    return Changed(key, notices=await rests.rests_beside_line_item(key))


async def remove_line_item(context: Context, input: Any) -> Changed:
    key = id_of(input.line_item_id, "LineItem")
    inspection = await line_items.remove_line_item(context.caller, key, stripe=context.outside.stripe)
    return Changed(inspection, notices=await rests.rests_of_inspection(inspection))


async def set_notifications_disabled(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    return Changed(await inspections.set_notifications_disabled(context.caller, key, disabled=input.disabled))


def _share(input: Any) -> Share:
    ids = _keys(input.line_item_ids, "LineItem")
    return Share(line_item_ids=ids, fixed_amount=input.fixed_amount)


def _letter(input: Any) -> sending.Letter:
    return sending.Letter(subject=input.subject, message=input.message)


async def add_invoice(context: Context, input: Any) -> Changed:
    key = await invoices.add_invoice(
        context.caller,
        id_of(input.inspection_id, "Inspection"),
        id_of(input.inspection_person_id, "InspectionPerson"),
        _share(input),
        letter=_letter(input),
        send=input.send,
        idempotency_key=input.idempotency_key,
        stripe=context.outside.stripe,
    )
    if not input.send:
        return Changed(key)
    await context.outside.nudge("send_emails", None)
    return Changed(key, notices=await sending.mail_put_off(key))


async def update_invoice(context: Context, input: Any) -> Changed:
    share = _share(input) if input.line_item_ids is not None or input.fixed_amount is not None else None
    return Changed(
        await invoices.update_invoice(
            context.caller,
            id_of(input.invoice_id, "Invoice"),
            share,
            inspection_person_id=_key(input.inspection_person_id, "InspectionPerson"),
            letter=_letter(input),
            stripe=context.outside.stripe,
        )
    )


async def send_invoice(context: Context, input: Any) -> Changed:
    key = id_of(input.invoice_id, "Invoice")
    await sending.send_invoice(context.caller, key, _letter(input), idempotency_key=input.idempotency_key)
    await context.outside.nudge("send_emails", None)
    return Changed(key, notices=await sending.mail_put_off(key))


async def void_invoice(context: Context, input: Any) -> Changed:
    key = id_of(input.invoice_id, "Invoice")
    await ending_invoices.void_invoice(context.caller, key, stripe=context.outside.stripe)
    return Changed(key, notices=await rests.rests_beside_invoice(key))


async def close_invoice_short(context: Context, input: Any) -> Changed:
    key = id_of(input.invoice_id, "Invoice")
    await ending_invoices.close_invoice_short(context.caller, key, stripe=context.outside.stripe)
    return Changed(key, notices=await rests.rests_beside_invoice(key))


async def mark_invoice_uncollectible(context: Context, input: Any) -> Changed:
    key = id_of(input.invoice_id, "Invoice")
    return Changed(await ending_invoices.mark_invoice_uncollectible(context.caller, key, stripe=context.outside.stripe))


async def create_payment_link(context: Context, input: Any) -> Changed:
    key = id_of(input.invoice_id, "Invoice")
    link = await grants.create_payment_link(context.caller, key, portals=context.outside.portals)
    return Changed(told={"url": link.url})


async def start_payment(context: Context, input: Any) -> Changed:
    outside = context.outside
    key = await payments.start_payment(
        context.caller,
        id_of(input.invoice_id, "Invoice"),
        amount=input.amount,
        idempotency_key=input.idempotency_key,
        portals=outside.portals,
        stripe=outside.stripe,
    )
    return Changed(key)


async def cancel_payment(context: Context, input: Any) -> Changed:
    key = id_of(input.payment_id, "Payment")
    return Changed(await payments.cancel_payment(context.caller, key, stripe=context.outside.stripe))


async def record_payment(context: Context, input: Any) -> Changed:
    made = await manual_payments.record_payment(
        context.caller,
        _key(input.invoice_id, "Invoice"),
        inspection_id=_key(input.inspection_id, "Inspection"),
        amount=input.amount,
        method=input.method,
        reference=input.reference,
        idempotency_key=input.idempotency_key,
        stripe=context.outside.stripe,
    )
    await context.outside.nudge("run_automations", None)
    return Changed(made, notices=await rests.rest_of_payment(made))


async def remove_payment(context: Context, input: Any) -> Changed:
    key = id_of(input.payment_id, "Payment")
    await manual_payments.remove_payment(context.caller, key, reason=input.reason, stripe=context.outside.stripe)
    return Changed(key, notices=await rests.rest_of_payment(key))


async def refund_payment(context: Context, input: Any) -> Changed:
    made = await refunds.refund_payment(
        context.caller,
        id_of(input.payment_id, "Payment"),
        amount=input.amount,
        reason=input.reason,
        disposition=input.disposition,
        idempotency_key=input.idempotency_key,
        stripe=context.outside.stripe,
    )
    return Changed(made, notices=await rests.rest_of_refund(made))


async def sign_agreement(context: Context, input: Any) -> Changed:
    key = id_of(input.agreement_id, "Agreement")
    return Changed(await agreements.sign_agreement(context.caller, key, name=input.name))


async def share_client_portal(context: Context, input: Any) -> Changed:
    link = await grants.share_client_portal(
        context.caller,
        id_of(input.inspection_id, "Inspection"),
        person_id=_key(input.person_id, "Person"),
        email=input.email,
        portals=context.outside.portals,
    )
    return Changed(link.grant_id, told={"url": link.url})


async def revoke_grant(context: Context, input: Any) -> Changed:
    return Changed(await grants.revoke_grant(context.caller, id_of(input.grant_id, "Grant")))
