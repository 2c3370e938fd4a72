"""What SQL itself refuses, whoever writes: every constraint and trigger of the models, one bad write each."""

from typing import Any

import asyncpg
import pytest
from tortoise import Tortoise, connections
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.models import Model
from tortoise.transactions import in_transaction

from models import Automation, AutomationEvent, AutomationTier, AutomationTrigger, ConnectedAccount, Email
from rules.identifiers import new_id
from tests.api.expectations import nothing_changes
from tests.world import Job, World, key_of

LIVE = "('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'UNKNOWN')"


@pytest.fixture
async def rows(world: World) -> dict[str, Any]:
    """A company's rows of every kind, by the names that the statements below use."""
    job = await world.inspection(agreementBody="We agree.")
    invoice = await job.invoice("125.00", send=True)
    cash = {"invoiceId": invoice["id"], "amount": "20.00", "method": "CASH"}
    payment = (await job.api.mutate("recordPayment", "payment { id }", **cash)).done("payment")
    given = {"paymentId": payment["id"], "amount": "5.00", "reason": "Asked"}
    (await job.api.mutate("refundPayment", "refund { id }", **given)).done("refund")
    payer = await job.payment_link(invoice["id"])
    (await payer.mutate("startPayment", "payment { id }", invoiceId=invoice["id"], idempotencyKey="k")).done("payment")
    await automate(job)
    (await job.api.mutate("createService", name="Radon test", amount="150.00")).done("userErrors")
    await ConnectedAccount.create(company_id=world.company_key)
    return {
        "world": world,
        "inspection": key_of(job.id),
        "primary": key_of(job.primary_id),
        "separate": key_of(invoice["id"]),
        "item": key_of(job.items[0]),
        "payment": key_of(payment["id"]),
    }


async def automate(job: Job) -> None:
    """Make the invoice's mail look like one that an automation sent."""
    company, inspection = job.world.company_key, key_of(job.id)
    automation_event = await AutomationEvent.create(
        company_id=company, inspection_id=inspection, trigger=AutomationTrigger.FEE_ADDED, subject_id=new_id()
    )
    automation = await Automation.create(
        company_id=company,
        name="Tell them",
        tier=AutomationTier.ADVANCED,
        trigger=AutomationTrigger.FEE_ADDED,
        recipients=["CLIENT"],
        subject="Hello",
        message="A fee was added.",
    )
    await Automation.create(
        company_id=company, name="Built in", tier=AutomationTier.BASE, trigger=AutomationTrigger.FEE_ADDED
    )
    await Email.filter(kind="INVOICE").update(automation_id=automation.id, automation_event_id=automation_event.id)


def copy_of(table: str, where: str, **changed: str) -> str:
    """SQL that writes a row of `table` once more, under a new key, with some columns changed."""
    columns = {"id": f"'{new_id()}'::uuid", **changed}
    values = " || ".join(f"jsonb_build_object('{name}', {value})" for name, value in columns.items())
    row = f"jsonb_populate_record(NULL::{table}, to_jsonb(t) || {values})"
    return f"INSERT INTO {table} SELECT ({row}).* FROM {table} t WHERE {where} LIMIT 1"


SEPARATE = "id = '{separate}'"
REFUSED = (IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""What a bad statement raises, and what a bad commit does."""
BAD_WRITES = {
    "inspections_number_unique": copy_of("inspections", "id = '{inspection}'"),
    "inspections_not_negative": "UPDATE inspections SET remaining_minor = -1 WHERE id = '{inspection}'",
    "inspection_people_once": copy_of("inspection_people", "inspection_id = '{inspection}'"),
    "line_items_sign": "UPDATE line_items SET kind = 'DISCOUNT' WHERE id = '{item}'",
    "agreements_version_unique": copy_of("agreements", "true", current="false"),
    "agreements_one_current": copy_of("agreements", "true", version="2"),
    "invoices_number_unique": copy_of("invoices", SEPARATE),
    "invoices_one_primary": copy_of("invoices", "id = '{primary}'", number="'other'"),
    "invoices_primary_open_or_paid": "UPDATE invoices SET status = 'DRAFT' WHERE id = '{primary}'",
    "invoices_not_negative": "UPDATE invoices SET refunded_minor = -1 WHERE " + SEPARATE,
    "invoices_remaining": "UPDATE invoices SET remaining_minor = remaining_minor + 1 WHERE " + SEPARATE,
    "invoices_overpaid": "UPDATE invoices SET overpaid_minor = 1 WHERE " + SEPARATE,
    "invoices_still_outstanding": "UPDATE invoices SET outstanding_minor = 1 WHERE " + SEPARATE,
    "inspections_outstanding_remains": "UPDATE inspections SET outstanding_minor = remaining_minor + 1",
    "invoice_lines_once": copy_of("invoice_lines", "invoice_id = '{separate}'"),
    "invoice_lines_not_zero": "UPDATE invoice_lines SET amount_minor = 0 WHERE invoice_id = '{separate}'",
    "payments_one_live_attempt": copy_of("payments", f"state IN {LIVE}", checkout_session_id="NULL::text"),
    "payments_dated": "UPDATE payments SET settled_at = NULL WHERE id = '{payment}'",
    "payments_amounts": "UPDATE payments SET refunded_minor = amount_minor + 1 WHERE id = '{payment}'",
    "refunds_dated": "UPDATE refunds SET settled_at = NULL WHERE status = 'SUCCEEDED'",
    "refunds_amounts": "UPDATE refunds SET credited_minor = amount_minor + 1",
    "emails_once": copy_of("emails", "kind = 'INVOICE'", message_id="'<other@x>'"),
    "emails_one_recipient": "UPDATE emails SET to_address = 'a@b.test,c@d.test'",
    "emails_once_per_rule": copy_of("emails", "automation_id IS NOT NULL", message_id="'<other@x>'", sequence="99"),
    "automations_complete": "UPDATE automations SET subject = NULL WHERE tier = 'ADVANCED'",
    "automations_base_once": copy_of("automations", "tier = 'BASE'"),
    "automation_events_once": copy_of("automation_events", "true"),
    "idempotency_keys_once": copy_of("idempotency_keys", "true"),
    "services_one_of_a_name": copy_of("services", "true"),
    "services_sign": "UPDATE services SET kind = 'DISCOUNT'",
    "brandings_one_of_a_company": copy_of("brandings", "true"),
    "brandings_colors": "UPDATE brandings SET color = 'red'",
    "connected_accounts_one_begun": copy_of("connected_accounts", "true", account_id="NULL::text"),
    "audits_discrepancies_check": "INSERT INTO audits (discrepancies) VALUES (-1)",
    "line_items_fully_billed": "UPDATE line_items SET amount_minor = amount_minor + 1 WHERE id = '{item}'",
    "invoices_total_is_lines": "UPDATE invoices SET total_minor = total_minor + 1,"
    " remaining_minor = remaining_minor + 1, outstanding_minor = outstanding_minor + 1 WHERE " + SEPARATE,
}


@pytest.mark.parametrize("constraint", BAD_WRITES)
async def test_bad_write_is_refused_by(rows: dict[str, Any], constraint: str) -> None:
    world: World = rows["world"]
    async with nothing_changes(world):
        with pytest.raises(REFUSED) as refusal:
            await write(BAD_WRITES[constraint].format(**rows))
    assert constraint_of(refusal.value) == constraint


async def write(statement: str) -> None:
    async with in_transaction() as transaction:
        await transaction.execute_query(statement)


def constraint_of(error: BaseException) -> str:
    """The constraint that PostgreSQL names."""
    found: BaseException | None = error
    while found is not None:
        if name := getattr(found, "constraint_name", None):
            return str(name)
        found = found.__cause__ or (found.args[0] if found.args and isinstance(found.args[0], BaseException) else None)
    raise AssertionError(f"no constraint is named by {error!r}")


async def test_every_constraint_that_a_model_declares_is_there(world: World) -> None:
    """Tortoise makes no constraint that is declared together with its table: migrations add them one by one."""
    found = await connections.get("default").execute_query_dict(
        "SELECT conname AS name FROM pg_constraint UNION SELECT indexname FROM pg_indexes"
    )
    declared = {constraint.name for model in rows_of_all() for constraint in model._meta.constraints}
    assert declared - {row["name"] for row in found} == set()
    assert "connected_accounts_one_begun" in declared


def rows_of_all() -> list[type[Model]]:
    """All models."""
    return [model for model in (Tortoise.apps or {})["models"].values() if not model._meta.abstract]


async def test_every_named_constraint_has_its_bad_write(world: World) -> None:
    names = await connections.get("default").execute_query_dict(NAMED)
    # Lines are checked by the same two functions as charges and invoices are.
    assert {row["name"] for row in names} - {"invoice_lines_sum"} == set(BAD_WRITES)


NAMED = """
    SELECT conname AS name FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 't')
    UNION
    SELECT index.relname FROM pg_index JOIN pg_class index ON index.oid = indexrelid
     WHERE index.relnamespace = 'public'::regnamespace AND indisunique AND NOT indisprimary
       AND index.relname NOT LIKE '%\\_key' AND index.relname NOT LIKE 'uid\\_%'
       AND index.relname NOT LIKE 'tortoise%'
"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice_lines SET amount_minor = amount_minor - 1 WHERE invoice_id = '{separate}'",
        "DELETE FROM invoice_lines WHERE invoice_id = '{separate}'",
        "UPDATE invoices SET status = 'VOID', remaining_minor = 0, outstanding_minor = 0,"
        " overpaid_minor = settled_minor + in_flight_minor WHERE id = '{separate}'",
    ],
)
async def test_charge_that_is_not_fully_billed_is_refused(rows: dict[str, Any], statement: str) -> None:
    async with nothing_changes(rows["world"]):
        with pytest.raises(REFUSED) as refusal:
            await write(statement.format(**rows))
    assert constraint_of(refusal.value) in ("line_items_fully_billed", "invoices_total_is_lines")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor_name = 'Nobody'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM events WHERE false",
    ],
)
async def test_audit_trail_is_append_only(rows: dict[str, Any], statement: str) -> None:
    async with nothing_changes(rows["world"]):
        with pytest.raises((OperationalError, asyncpg.InsufficientPrivilegeError), match="append-only"):
            await write(statement)


@pytest.mark.parametrize("column", ["company_id", "inspection_id"])
async def test_rows_belong_to_a_company_and_an_inspection(rows: dict[str, Any], column: str) -> None:
    async with nothing_changes(rows["world"]):
        with pytest.raises(IntegrityError, match="foreign key"):
            await write(f"UPDATE invoices SET {column} = '{new_id()}'")
        with pytest.raises(IntegrityError, match="null value"):
            await write(f"UPDATE invoices SET {column} = NULL")
