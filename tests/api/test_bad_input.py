"""Bad input: amounts, ids and texts that are no good answer with an error naming the field, and change nothing."""

import re
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from rules.identifiers import global_id
from tests.api.expectations import nothing_changes, refusals, refused
from tests.world import Api, Job, World, key_of

INVALID = "INVALID_AMOUNT"
TOO_LARGE = ["1000000.00", "9" * 30]
NO_CHARGE = ["-1.00", "-0.01", "0", "0.00", "1.005", "0.001", *TOO_LARGE]
NOT_MONEY = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e3",
    "abc",
    "",
    " 1",
    "1,50",
    "1.",
    ".5",
    "0x10",
    "9" * 31,
    12.5,
    12,
    True,
    "1" * 20_000,
    {"amount": "1"},
]
LINE = {"kind": "FEE", "description": "Extra", "updateAgreements": False}


async def amount_takers(world: World) -> dict[str, tuple[Api, str, str, dict[str, Any]]]:
    """Every mutation that takes an amount: who calls it, which field takes it, and the rest of its input."""
    job = await world.inspection()
    draft = await job.invoice("20.00")
    billed = await job.invoice("40.00")
    payer = await job.payment_link(billed["id"])
    cash = {"invoiceId": job.primary_id, "amount": "30.00", "method": "CASH"}
    paid = (await job.api.mutate("recordPayment", "payment { id }", **cash)).done("payment")
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry()}
    return {
        "addInvoice": (job.api, "fixedAmount", "addInvoice", given),
        "updateInvoice": (job.api, "fixedAmount", "updateInvoice", {"invoiceId": draft["id"]}),
        "addLineItem": (job.api, "amount", "addLineItem", {"inspectionId": job.id, **LINE}),
        "updateLineItem": (job.api, "amount", "updateLineItem", {"lineItemId": job.items[0]}),
        "startPayment": (payer, "amount", "startPayment", {"invoiceId": billed["id"]}),
        "recordPayment": (job.api, "amount", "recordPayment", {"invoiceId": job.primary_id, "method": "CASH"}),
        "refundPayment": (job.api, "amount", "refundPayment", {"paymentId": paid["id"]}),
    }


async def test_amount_that_is_no_charge_is_refused_by_name(world: World) -> None:
    for (api, field, mutation, given), amount in product((await amount_takers(world)).values(), NO_CHARGE):
        refusal = await refused(world, api, mutation, **given, **{field: amount})
        if field == "fixedAmount" and amount in TOO_LARGE:  # However far above, the limit is told (S43).
            assert refusal.message.startswith("Fixed amount cannot exceed $"), (mutation, amount)
            continue
        assert (refusal.code, refusal.field) == (INVALID, field), (mutation, amount)
        assert refusal.message.startswith(f"{field} must "), (mutation, amount)


async def test_amount_that_is_no_number_is_a_user_error_on_its_field(world: World) -> None:
    """What spells no sum, as a variable or in the document, is refused on its field like any other wrong amount."""
    for (api, field, mutation, given), amount in product((await amount_takers(world)).values(), NOT_MONEY):
        refusal = await refused(world, api, mutation, **given, **{field: amount})
        told = f'{field} must be a decimal number in a string, such as "12.50".'
        assert (refusal.code, refusal.field, refusal.message) == (INVALID, field, told), (mutation, amount)


@pytest.mark.parametrize("amount", ["12.5", "1e3", "12", '"abc"', "true", "[1]", "{a: 1}", "NaN", '"1 "'])
async def test_amount_written_in_the_document_is_refused_on_its_field(world: World, amount: str) -> None:
    """A literal that spells no sum is a user error too, not a malformed operation."""
    job = await world.inspection()
    source = (
        f'mutation {{ recordPayment(input: {{invoiceId: "{job.primary_id}", amount: {amount}, method: CASH}})'
        " { payment { id } userErrors { code field } } }"
    )
    async with nothing_changes(world):
        answer = await job.api.run(source)
    assert answer.data["recordPayment"] == {"payment": None, "userErrors": [{"code": INVALID, "field": ["amount"]}]}


async def test_discount_and_charge_keep_to_their_sign(world: World) -> None:
    job = await world.inspection()
    for kind, amount in (("DISCOUNT", "5.00"), ("DISCOUNT", "0"), ("SERVICE", "-5.00"), ("FEE", "0.00")):
        given = {**LINE, "inspectionId": job.id, "kind": kind, "amount": amount}
        refusal = await refused(world, job.api, "addLineItem", **given)
        assert (refusal.code, refusal.field) == (INVALID, "amount")


async def test_total_beyond_what_can_be_charged_is_refused(world: World) -> None:
    job = await world.inspection("999999.00")
    refusal = await refused(world, job.api, "addLineItem", **LINE, inspectionId=job.id, amount="1.00")
    assert (refusal.code, refusal.message) == (INVALID, "The inspection's total must not exceed $999,999.99.")


async def test_inspection_with_an_impossible_charge_is_not_created(world: World) -> None:
    client = await world.person("Clara")
    for amount in ("0", "-1", "0.001", "1000000"):
        refusal = await refused(
            world,
            world.inspector,
            "createInspection",
            propertyAddress="1 Road",
            scheduledAt="2026-11-23T15:00:00Z",
            people=[{"personId": client, "role": "CLIENT"}],
            lineItems=[{"kind": "SERVICE", "description": "Look", "amount": amount}],
        )
        assert (refusal.code, refusal.field) == (INVALID, "lineItems.0.amount")


TAKERS: list[tuple[str, str, str]] = [
    ("addInvoice", "inspectionId", "Inspection"),
    ("addInvoice", "inspectionPersonId", "InspectionPerson"),
    ("addInvoice", "lineItemIds", "LineItem"),
    ("updateInvoice", "invoiceId", "Invoice"),
    ("updateInvoice", "inspectionPersonId", "InspectionPerson"),
    ("updateInvoice", "lineItemIds", "LineItem"),
    ("sendInvoice", "invoiceId", "Invoice"),
    ("voidInvoice", "invoiceId", "Invoice"),
    ("createPaymentLink", "invoiceId", "Invoice"),
    ("recordPayment", "invoiceId", "Invoice"),
    ("cancelPayment", "paymentId", "Payment"),
    ("removePayment", "paymentId", "Payment"),
    ("refundPayment", "paymentId", "Payment"),
    ("updateInspection", "inspectionId", "Inspection"),
    ("updateInspection", "inspectorId", "User"),
    ("cancelInspection", "inspectionId", "Inspection"),
    ("setNotificationsDisabled", "inspectionId", "Inspection"),
    ("addInspectionPerson", "inspectionId", "Inspection"),
    ("addInspectionPerson", "personId", "Person"),
    ("removeInspectionPerson", "inspectionPersonId", "InspectionPerson"),
    ("addLineItem", "inspectionId", "Inspection"),
    ("updateLineItem", "lineItemId", "LineItem"),
    ("removeLineItem", "lineItemId", "LineItem"),
    ("updatePerson", "personId", "Person"),
    ("shareClientPortal", "inspectionId", "Inspection"),
    ("shareClientPortal", "personId", "Person"),
    ("revokeGrant", "grantId", "Grant"),
]


async def rows_of(job: Job) -> dict[str, str]:
    """One row of each type around an inspection, by its global id."""
    draft = await job.invoice("20.00")
    cash = {"invoiceId": job.primary_id, "amount": "30.00", "method": "CASH"}
    paid = (await job.api.mutate("recordPayment", "payment { id }", **cash)).done("payment")
    await job.client_portal()
    viewer = await job.api.read("{ viewer { ... on InspectorViewer { user { id } } } }")
    return {
        "Inspection": job.id,
        "InspectionPerson": job.entry(),
        "LineItem": job.items[0],
        "Invoice": draft["id"],
        "Payment": paid["id"],
        "Person": job.created["people"][1]["person"]["id"],
        "User": viewer["viewer"]["user"]["id"],
        "Grant": (await job.read("grants { id }"))["grants"][0]["id"],
    }


def given_for(mutation: str, own: dict[str, str], client: str) -> dict[str, Any]:
    """An input with which the mutation would succeed."""
    inspection, invoice = {"inspectionId": own["Inspection"]}, {"invoiceId": own["Invoice"]}
    inputs: dict[str, dict[str, Any]] = {
        "addInvoice": {**inspection, "inspectionPersonId": own["InspectionPerson"], "lineItemIds": [own["LineItem"]]},
        "updateInvoice": {**invoice, "lineItemIds": [own["LineItem"]]},
        "recordPayment": {**invoice, "amount": "5.00", "method": "CASH"},
        "removePayment": {"paymentId": own["Payment"], "reason": "Mistake"},
        "refundPayment": {"paymentId": own["Payment"], "amount": "5.00"},
        "updateInspection": {**inspection, "propertyAddress": "2 Road"},
        "setNotificationsDisabled": {**inspection, "disabled": True},
        "addInspectionPerson": {**inspection, "personId": own["Person"], "role": "LISTING_AGENT"},
        "addLineItem": {**inspection, **LINE, "amount": "5.00"},
        "updateLineItem": {"lineItemId": own["LineItem"], "amount": "5.00"},
        "updatePerson": {"personId": own["Person"], "name": "Other"},
        "shareClientPortal": {**inspection, "personId": client},
    }
    return inputs.get(mutation, {})


@pytest.mark.parametrize("bad", ["unknown", "foreign company", "wrong type", "malformed", "bare key", "not canonical"])
async def test_id_that_is_not_the_callers_is_not_found(world: World, bad: str) -> None:
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    job, foreign = await world.inspection(), await world.inspection(api=stranger)
    own, others = await rows_of(job), await rows_of(foreign)
    client = job.created["people"][0]["person"]["id"]
    for mutation, field, kind in TAKERS:
        wrong = {
            "unknown": global_id(kind, uuid4()),
            "foreign company": others[kind],
            "wrong type": own["Person" if kind != "Person" else "Invoice"],
            "malformed": "nonsense \N{SNOWMAN}",
            "bare key": str(key_of(own[kind])),
            "not canonical": own[kind].rstrip("=") + "\n",
        }[bad]
        given = {**given_for(mutation, own, client), field: [wrong] if field.endswith("s") else wrong}
        refusal = await refused(world, job.api, mutation, **given)
        expected = ("NOT_FOUND", f"{kind} not found.", f"{field}.0" if field.endswith("s") else field)
        assert (refusal.code, refusal.message, refusal.field) == expected, mutation


async def test_id_of_another_inspection_is_not_found(world: World) -> None:
    job, other = await world.inspection(), await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry()}
    refusal = await refused(world, job.api, "addInvoice", **given, lineItemIds=[job.items[0], other.items[0]])
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "lineItemIds.1")
    draft = await job.invoice("20.00")
    refusal = await refused(world, job.api, "updateInvoice", invoiceId=draft["id"], inspectionPersonId=other.entry())
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "inspectionPersonId")


@pytest.mark.parametrize("kind", ["Inspection", "Invoice", "Person", "Payment", "Grant", "LineItem"])
async def test_foreign_rows_are_not_read(world: World, kind: str) -> None:
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    foreign = await rows_of(await world.inspection(api=stranger))
    for wrong in (foreign[kind], global_id(kind, uuid4()), "nonsense", ""):
        answer = await world.inspector.run("query($id: ID!) { node(id: $id) { id } }", id=wrong)
        assert answer.codes == ["NOT_FOUND"]
        assert not (answer.body.get("data") or {}).get("node")


def text_taker(mutation: str, field: str, length_max: int, **given: Any) -> tuple[str, str, int, dict[str, Any]]:
    return mutation, field, length_max, given


TEXTS = [
    text_taker("createPerson", "name", 200),
    text_taker("createPerson", "phone", 40, name="Pat"),
    text_taker("updatePerson", "name", 200, personId="Person"),
    text_taker("updateCompany", "name", 200),
    text_taker("updateInspection", "propertyAddress", 300, inspectionId="Inspection"),
    text_taker("addLineItem", "description", 200, inspectionId="Inspection", **{**LINE, "amount": "1.00"}),
    text_taker("updateLineItem", "description", 200, lineItemId="LineItem"),
    text_taker("updateInvoice", "subject", 200, invoiceId="Invoice"),
    text_taker("sendInvoice", "subject", 200, invoiceId="Invoice"),
    text_taker("recordPayment", "reference", 200, invoiceId="Invoice", amount="1.00", method="CHECK"),
    text_taker("removePayment", "reason", 500, paymentId="Payment"),
    text_taker("createUser", "name", 200, email="new@lakeside.test", password="long enough a password"),
]


@pytest.mark.parametrize("bad", ["injection", "bare feed", "separator", "too long", "control"])
async def test_text_of_one_line_stays_one_line(world: World, bad: str) -> None:
    job = await world.inspection()
    own = await rows_of(job)
    for mutation, field, length_max, given in TEXTS:
        text = {
            "injection": "Hello\r\nBcc: eve@example.com",
            "bare feed": "Hello\nBcc: eve@example.com",
            "separator": "Hello\u2028Bcc: eve@example.com",
            "too long": "x" * (length_max + 1),
            "control": "Hello \x1b[31m",
        }[bad]
        filled = {name: own.get(value, value) if isinstance(value, str) else value for name, value in given.items()}
        if "description" in filled and field == "description":
            del filled["description"]
        refusal = await refused(world, job.api, mutation, **filled, **{field: text})
        assert (refusal.code, refusal.field) == ("INVALID_INPUT", field), mutation
        assert re.match(rf"{field} must (be one line|have at most {length_max} characters)", refusal.message), mutation


EMAILS = [
    "not an address",
    "a@b",
    "@people.test",
    "pat@",
    "pat@people.test, eve@example.com",
    "pat@people.test\r\nBcc: eve@example.com",
    "Pat <pat@people.test>",
    "pat@people..test",
    ".pat@people.test",
    "pat@-people.test",
    "p\N{LATIN SMALL LETTER A WITH DIAERESIS}t@people.test",
    f"{'x' * 65}@people.test",
    f"pat@{'x.' * 130}test",
    '"pat eve"@people.test',
    "pat@[127.0.0.1]",
]


async def test_address_that_is_not_one_plain_address_is_refused(world: World) -> None:
    job = await world.inspection()
    client = await job.client_portal()
    person = job.created["people"][1]["person"]["id"]
    takers: list[tuple[Api, str, dict[str, Any]]] = [
        (job.api, "createPerson", {"name": "Pat"}),
        (job.api, "updatePerson", {"personId": person}),
        (job.api, "createUser", {"name": "Pat", "password": "long enough a password"}),
        (client, "shareClientPortal", {"inspectionId": job.id}),
    ]
    for (api, mutation, given), email in product(takers, EMAILS):
        if mutation == "createUser" and email not in EMAILS[:3]:
            continue  # Its password is hashed first, which takes its time.
        refusal = await refused(world, api, mutation, **given, email=email)
        assert (refusal.code, refusal.field) == ("INVALID_EMAIL", "email"), (mutation, email)
        assert refusal.message == "email must be one email address, such as name@example.com."


async def test_empty_texts_are_refused_by_name(world: World) -> None:
    job = await world.inspection()
    for mutation, given, field in (
        ("createPerson", {"name": "  "}, "name"),
        ("updateInspection", {"inspectionId": job.id, "propertyAddress": ""}, "propertyAddress"),
        ("updateLineItem", {"lineItemId": job.items[0], "description": "\t"}, "description"),
        ("updateCompany", {"name": ""}, "name"),
        ("updateCompany", {"additionalRoles": ["Attorney", ""]}, "additionalRoles.1"),
    ):
        refusal = await refused(world, job.api, mutation, **given)
        assert refusal.message == f"{field.partition('.')[0]} must not be empty."
        assert refusal.field == field


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_idempotency_key_has_a_length(world: World, key: str) -> None:
    job = await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "5.00", "idempotencyKey": key}
    refusal = await refused(world, job.api, "addInvoice", **given)
    assert (refusal.field, refusal.message) == ("idempotencyKey", "idempotencyKey must have 1 to 255 characters.")


LONG = "x" * 5_001
LATER = "9999-12-31T23:00:00Z"


async def test_everything_wrong_with_an_input_is_told_at_once(world: World) -> None:
    """Each mutation tells all that is wrong with its input, in the order of the input's fields, by path."""
    job = await world.inspection()
    draft = await job.invoice("20.00")
    cash = {"invoiceId": job.primary_id, "amount": "30.00", "method": "CASH"}
    paid = (await job.api.mutate("recordPayment", "payment { id }", **cash)).done("payment")
    unknown = "nonsense"
    for mutation, given, told in (
        (
            "createInspection",
            {
                "agreementBody": "x" * 50_001,
                "propertyAddress": " ",
                "scheduledAt": LATER,
                "inspectorId": unknown,
                "people": [
                    {"personId": unknown, "role": "ADDITIONAL", "roleName": "Plumber"},
                    {"personId": await world.person(), "role": "BUYERS_AGENT"},
                    {"personId": unknown, "role": "CLIENT", "roleName": "Buyer"},
                ],
                "lineItems": [
                    {"kind": "FEE", "description": "Fine", "amount": "1.00"},
                    {"kind": "FEE", "description": "", "amount": "abc"},
                    {"kind": "DISCOUNT", "description": "Less", "amount": "1.00"},
                ],
            },
            "propertyAddress scheduledAt inspectorId people.0.personId people.0.roleName people.2.personId"
            " people.2.roleName lineItems.1.description lineItems.1.amount lineItems.2.amount agreementBody",
        ),
        (
            "createInspection",
            {"propertyAddress": "", "scheduledAt": LATER, "people": []},
            "propertyAddress scheduledAt people",
        ),
        (
            "updateInspection",
            {
                "inspectionId": unknown,
                "propertyAddress": "",
                "inspectorId": unknown,
                "scheduledAt": LATER,
                "status": "CANCELED",
            },
            "inspectionId propertyAddress scheduledAt inspectorId status",
        ),
        ("createPerson", {"phone": "\n", "email": "no", "name": ""}, "name email phone"),
        (
            "updatePerson",
            {"personId": unknown, "name": None, "phone": "\n", "email": "no"},
            "personId name email phone",
        ),
        (
            "addInspectionPerson",
            {"inspectionId": unknown, "personId": unknown, "role": "ADDITIONAL"},
            "inspectionId personId roleName",
        ),
        (
            "addLineItem",
            {**LINE, "inspectionId": unknown, "description": "", "amount": 1},
            "inspectionId description amount",
        ),
        (
            "updateLineItem",
            {"lineItemId": unknown, "description": "", "amount": "0.001"},
            "lineItemId description amount",
        ),
        (
            "addInvoice",
            {
                "inspectionId": job.id,
                "inspectionPersonId": unknown,
                "lineItemIds": [job.items[0], unknown, unknown],
                "subject": "",
                "message": LONG,
                "idempotencyKey": "",
            },
            "inspectionPersonId lineItemIds.1 lineItemIds.2 subject message idempotencyKey",
        ),
        (
            "addInvoice",
            {"inspectionId": unknown, "inspectionPersonId": unknown, "fixedAmount": "1e3", "subject": ""},
            "inspectionId fixedAmount subject",
        ),
        (
            "updateInvoice",
            {"invoiceId": draft["id"], "inspectionPersonId": unknown, "fixedAmount": "999.00", "subject": "\n"},
            "inspectionPersonId fixedAmount subject",
        ),
        (
            "updateInvoice",
            {"invoiceId": unknown, "fixedAmount": "-1", "message": LONG},
            "invoiceId fixedAmount message",
        ),
        (
            "sendInvoice",
            {"invoiceId": unknown, "subject": "\n", "message": LONG, "idempotencyKey": ""},
            "invoiceId subject message idempotencyKey",
        ),
        (
            "recordPayment",
            {"invoiceId": unknown, "amount": "", "method": "CARD", "reference": "x" * 201, "idempotencyKey": ""},
            "invoiceId amount method reference idempotencyKey",
        ),
        ("removePayment", {"paymentId": unknown, "reason": ""}, "paymentId reason"),
        (
            "refundPayment",
            {"paymentId": unknown, "amount": "NaN", "reason": LONG, "idempotencyKey": ""},
            "paymentId amount reason idempotencyKey",
        ),
        ("refundPayment", {"paymentId": paid["id"], "amount": "NaN", "reason": LONG}, "amount reason"),
        ("publishReport", {"inspectionId": unknown, "url": "nowhere"}, "inspectionId url"),
        (
            "notifyPerson",
            {"inspectionPersonId": unknown, "subject": "", "message": ""},
            "inspectionPersonId subject message",
        ),
        (
            "updateCompany",
            {
                "name": "",
                "timeZone": "Mars",
                "deferredPaymentsEnabled": True,
                "reminderDays": [3, 1],
                "additionalRoles": ["", "\t", "A", "x" * 61],
            },
            "name timeZone deferredPaymentsEnabled reminderDays additionalRoles.0 additionalRoles.1 additionalRoles.3",
        ),
        ("createUser", {"name": "", "email": "owner@lakeside.test", "password": "short"}, "name email password"),
    ):
        found = await refusals(world, job.api, mutation, **given)
        assert [refusal.field for refusal in found] == told.split(), mutation


async def test_payer_hears_everything_wrong_at_once_too(world: World) -> None:
    """What a payer sends is told like what staff send: all of it, by path."""
    job = await world.inspection(agreementBody="We inspect what can be seen.")
    payer = await job.payment_link((await job.invoice("40.00"))["id"])
    given = {"invoiceId": job.primary_id, "amount": "0.001", "idempotencyKey": ""}
    found = await refusals(world, payer, "startPayment", **given)
    assert [(refusal.code, refusal.field) for refusal in found] == [
        ("NOT_FOUND", "invoiceId"),
        (INVALID, "amount"),
        ("INVALID_INPUT", "idempotencyKey"),
    ]
    client = await job.client_portal()
    found = await refusals(world, client, "signAgreement", agreementId="nonsense", name="")
    assert [refusal.field for refusal in found] == ["agreementId", "name"]
    found = await refusals(world, client, "shareClientPortal", inspectionId="nonsense", email="no", personId="nonsense")
    assert [refusal.field for refusal in found] == ["inspectionId", "personId", "email"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", LATER])
async def test_inspection_at_the_end_of_time_is_refused(world: World, moment: str) -> None:
    """A moment that has no day in some calendars is refused; mails that tell the day could not be written."""
    job = await world.inspection()
    refusal = await refused(world, job.api, "updateInspection", inspectionId=job.id, scheduledAt=moment)
    assert (refusal.code, refusal.field) == ("INVALID_INPUT", "scheduledAt")
    assert refusal.message == "scheduledAt must lie between the years 1900 and 2200."


async def test_time_without_its_offset_is_refused(world: World) -> None:
    job = await world.inspection()
    query = "mutation($input: UpdateInspectionInput!) { updateInspection(input: $input) { inspection { id } } }"
    for moment in ("2026-11-23T15:00:00", "tomorrow", "", "2026-13-01T00:00:00Z"):
        async with nothing_changes(world):
            answer = await job.api.run(query, input={"inspectionId": job.id, "scheduledAt": moment})
        assert answer.codes == ["MALFORMED_OPERATION"]
        assert "scheduledAt" in answer.body["errors"][0]["message"]
