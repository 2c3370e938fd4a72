"""News: each commit tells, once for each inspection and invoice it touched, that something about it changed."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# How each table's rows (`touched`) lead to the inspection and the invoice that they are shown with.
OWN = "inspection := touched.id;"
OF_INSPECTION = "inspection := touched.inspection_id;"
OF_INVOICE = "inspection := touched.inspection_id; invoice := touched.invoice_id;"
INVOICE = "inspection := touched.inspection_id; invoice := touched.id;"
OF_PAYMENT = """
        SELECT payments.inspection_id, payments.invoice_id INTO inspection, invoice
          FROM payments WHERE payments.id = touched.payment_id;
"""

TABLES = {
    "inspections": OWN,
    "agreements": OF_INSPECTION,
    "emails": OF_INSPECTION,
    "inspection_people": OF_INSPECTION,
    "line_items": OF_INSPECTION,
    "invoices": INVOICE,
    "grants": OF_INVOICE,
    "payments": OF_INVOICE,
    "refunds": OF_PAYMENT,
}
"""Mails are shown to staff alone, who watch an invoice with its inspection: so they are no news of the invoice."""

POLLED = ("payments", "refunds")


def _function(table: str) -> str:
    """PostgreSQL delivers at commit, nothing after a rollback, and the same payload once a transaction."""
    return f"""
    CREATE FUNCTION tell_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched {table};
        inspection uuid;
        invoice uuid;
    BEGIN
        touched := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        {TABLES[table]}
        PERFORM pg_notify('inspection_changed', inspection::text);
        IF invoice IS NOT NULL THEN
            PERFORM pg_notify('invoice_changed', invoice::text);
        END IF;
        RETURN NULL;
    END $$
    """


def _triggers(table: str) -> list[str]:
    news = (
        f"CREATE TRIGGER {table}_news AFTER INSERT OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION tell_of_{table}()"
    )
    changed = f"CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} FOR EACH ROW WHEN ({_differs(table)}) EXECUTE FUNCTION tell_of_{table}()"
    return [news, changed]


def _differs(table: str) -> str:
    """That Stripe will be asked again is no news, nor that what was there already was written once more."""
    if table not in POLLED:
        return "OLD IS DISTINCT FROM NEW"
    bookkeeping = "ARRAY['next_poll_at', 'poll_count']"
    return f"to_jsonb(OLD) - {bookkeeping} IS DISTINCT FROM to_jsonb(NEW) - {bookkeeping}"


FORWARD = [statement for table in TABLES for statement in (_function(table), *_triggers(table))]

REVERSE = [
    statement
    for table in TABLES
    for statement in (
        f"DROP TRIGGER {table}_changed ON {table}",
        f"DROP TRIGGER {table}_news ON {table}",
        f"DROP FUNCTION tell_of_{table}()",
    )
]


class Migration(migrations.Migration):
    dependencies = [("models", "0003_dated_money")]
    operations = [ops.RunSQL(FORWARD, REVERSE)]
