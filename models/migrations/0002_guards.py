"""What the models can't say: partial indexes, sums that must hold at commit, and an audit trail that can't be rewritten."""

from tortoise import migrations
from tortoise.migrations import operations as ops

PARTIAL_INDEXES = [
    "CREATE INDEX payments_to_poll ON payments (next_poll_at) WHERE next_poll_at IS NOT NULL",
    "CREATE INDEX refunds_to_poll ON refunds (next_poll_at) WHERE next_poll_at IS NOT NULL",
    "CREATE INDEX emails_to_send ON emails (next_attempt_at) WHERE status IN ('QUEUED', 'RETRY', 'SENDING')",
    "CREATE INDEX people_search ON people (company_id, lower(name) text_pattern_ops)",
]

SUMS = [
    """
    CREATE FUNCTION assert_item_billed(item uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        expected bigint;
        billed bigint;
    BEGIN
        SELECT amount_minor INTO expected FROM line_items WHERE id = item;
        SELECT COALESCE(SUM(line.amount_minor), 0) INTO billed
          FROM invoice_lines line JOIN invoices invoice ON invoice.id = line.invoice_id
         WHERE line.line_item_id = item AND invoice.status <> 'VOID';
        IF billed <> expected THEN
            RAISE EXCEPTION 'line item % of % is billed %', item, expected, billed
                USING ERRCODE = 'check_violation', CONSTRAINT = 'line_items_fully_billed';
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION assert_invoice_total(subject uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        expected bigint;
        found bigint;
    BEGIN
        SELECT total_minor INTO expected FROM invoices WHERE id = subject;
        SELECT COALESCE(SUM(amount_minor), 0) INTO found FROM invoice_lines WHERE invoice_id = subject;
        IF found <> expected THEN
            RAISE EXCEPTION 'invoice % totals % but its lines sum to %', subject, expected, found
                USING ERRCODE = 'check_violation', CONSTRAINT = 'invoices_total_is_lines';
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION check_line_item() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM assert_item_billed(NEW.id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION check_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            PERFORM assert_item_billed(OLD.line_item_id);
            PERFORM assert_invoice_total(OLD.invoice_id);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            PERFORM assert_item_billed(NEW.line_item_id);
            PERFORM assert_invoice_total(NEW.invoice_id);
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM assert_invoice_total(NEW.id);
        IF TG_OP = 'UPDATE' AND (OLD.status = 'VOID') <> (NEW.status = 'VOID') THEN
            PERFORM assert_item_billed(line_item_id) FROM invoice_lines WHERE invoice_id = NEW.id;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER line_items_fully_billed AFTER INSERT OR UPDATE OF amount_minor ON line_items
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_line_item()
    """,
    """
    CREATE CONSTRAINT TRIGGER invoice_lines_sum AFTER INSERT OR UPDATE OR DELETE ON invoice_lines
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_invoice_line()
    """,
    """
    CREATE CONSTRAINT TRIGGER invoices_total_is_lines AFTER INSERT OR UPDATE OF total_minor, status ON invoices
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_invoice()
    """,
]

APPEND_ONLY = [
    """
    CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()
    """,
]

REVERSE = [
    "DROP TRIGGER events_append_only ON events",
    "DROP FUNCTION refuse_rewriting()",
    "DROP TRIGGER invoices_total_is_lines ON invoices",
    "DROP TRIGGER invoice_lines_sum ON invoice_lines",
    "DROP TRIGGER line_items_fully_billed ON line_items",
    "DROP FUNCTION check_invoice(), check_invoice_line(), check_line_item()",
    "DROP FUNCTION assert_invoice_total(uuid), assert_item_billed(uuid)",
    "DROP INDEX people_search, emails_to_send, refunds_to_poll, payments_to_poll",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]
    operations = [ops.RunSQL([*PARTIAL_INDEXES, *SUMS, *APPEND_ONLY], REVERSE)]
