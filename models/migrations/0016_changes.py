"""The change feed as a table: each transaction writes once of every inspection and invoice whose rows it changed.

It takes the place of the notifications of migration 0004, which made all transactions of the database commit one after
the other. docs/decisions has the record on the change feed, with what was measured.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

# How each table's rows (`touched`) lead to the inspection and the invoice that they are shown with.
OWN = "inspection := touched.id;"
OF_INSPECTION = "inspection := touched.inspection_id;"
OF_INVOICE = "inspection := touched.inspection_id; invoice := touched.invoice_id;"
INVOICE = "inspection := touched.inspection_id; invoice := touched.id;"
OF_PAYMENT = """
        SELECT payments.inspection_id, payments.invoice_id INTO inspection, invoice
          FROM payments WHERE payments.id = touched.payment_id AND payments.company_id = touched.company_id;
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
"""Mails are shown to staff alone, who watch an invoice with its inspection: so they are no change of the invoice."""

UNSEEN = {
    "payments": ("next_poll_at",),
    "refunds": ("next_poll_at",),
    "emails": ("transmitting", "leased_until"),
}
"""Columns that are shown to nobody, and written often."""

TABLE = """
    CREATE UNLOGGED TABLE changes (
        transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
        company_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT now()
    )
"""
"""`subject_id` is the key of an inspection or invoice. Unlogged: after a crash readers connect anew, and all look again."""

INDEX = "CREATE INDEX changes_transaction_id ON changes (transaction_id)"

NOTE = """
    CREATE FUNCTION note_change(company uuid, inspection uuid, invoice uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        -- Settings of the transaction remember what was noted last: a rollback, also to a savepoint, forgets both.
        IF current_setting('changes.inspection', true) IS DISTINCT FROM inspection::text THEN
            INSERT INTO changes (company_id, subject_id) VALUES (company, inspection);
            PERFORM set_config('changes.inspection', inspection::text, true);
        END IF;
        IF invoice IS NOT NULL AND current_setting('changes.invoice', true) IS DISTINCT FROM invoice::text THEN
            INSERT INTO changes (company_id, subject_id) VALUES (company, invoice);
            PERFORM set_config('changes.invoice', invoice::text, true);
        END IF;
    END $$
"""


def _function(table: str) -> str:
    """Written for each row: with what is remembered, a second row of the same inspection costs next to nothing."""
    same = "".join(f"before.{column} := NEW.{column}; " for column in UNSEEN.get(table, ()))
    is_unseen = f"""
        IF TG_OP = 'UPDATE' THEN
            before := OLD;
            {same}
            IF before IS NOT DISTINCT FROM NEW THEN
                RETURN NULL;
            END IF;
        END IF;
    """
    return f"""
    CREATE FUNCTION note_change_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        before {table};
        touched {table};
        inspection uuid;
        invoice uuid;
    BEGIN
        {is_unseen if same else ""}
        touched := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        {TABLES[table]}
        PERFORM note_change(touched.company_id, inspection, invoice);
        RETURN NULL;
    END $$
    """


def _triggers(table: str) -> list[str]:
    run = f"EXECUTE FUNCTION note_change_of_{table}()"
    differs = "OLD IS DISTINCT FROM NEW"
    return [
        f"CREATE TRIGGER {table}_written AFTER INSERT OR DELETE ON {table} FOR EACH ROW {run}",
        f"CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} FOR EACH ROW WHEN ({differs}) {run}",
    ]


def _triggers_removed(table: str) -> list[str]:
    return [
        f"DROP TRIGGER {table}_changed ON {table}",
        f"DROP TRIGGER {table}_written ON {table}",
        f"DROP FUNCTION note_change_of_{table}()",
    ]


def _notifications_removed(table: str) -> list[str]:
    return [
        f"DROP TRIGGER {table}_changed ON {table}",
        f"DROP TRIGGER {table}_news ON {table}",
        f"DROP FUNCTION tell_of_{table}()",
    ]


_NOTIFICATIONS = import_module("models.migrations.0004_news")

FORWARD = [
    *(statement for table in TABLES for statement in _notifications_removed(table)),
    TABLE,
    INDEX,
    NOTE,
    *(statement for table in TABLES for statement in (_function(table), *_triggers(table))),
]

REVERSE = [
    *(statement for table in TABLES for statement in _triggers_removed(table)),
    "DROP FUNCTION note_change(uuid, uuid, uuid)",
    "DROP TABLE changes",
    *_NOTIFICATIONS.FORWARD,
]


class Migration(migrations.Migration):
    dependencies = [("models", "0015_staff")]
    operations = [ops.RunSQL(FORWARD, REVERSE)]
