"""Built-in automations are declared in code, and what automations wait for is tried again after growing delays."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from rules.clock import now

# As every company got them until now: whoever never changed a text follows the declared one from here on.
_HELLO = "Hello {{recipient_name}},\n\n"
WRITTEN = {
    "INSPECTION_SCHEDULED": (
        "Your inspection of {{property_address}}",
        f"{_HELLO}your inspection of {{{{property_address}}}} is planned for {{{{inspection_date}}}},"
        " with {{inspector_name}}.",
    ),
    "FEE_ADDED": (
        "A new charge for the inspection of {{property_address}}",
        f"{_HELLO}a charge of {{{{amount}}}} was added to the inspection of {{{{property_address}}}}.",
    ),
    "PAYMENT_RECEIVED": (
        "A payment for the inspection of {{property_address}}",
        f"{_HELLO}{{{{company_name}}}} received {{{{amount}}}} for the inspection of {{{{property_address}}}}.",
    ),
    "INSPECTION_PAID": (
        "The inspection of {{property_address}} is paid",
        f"{_HELLO}nothing remains to be paid for the inspection of {{{{property_address}}}}. Thank you!",
    ),
    "REPORT_PUBLISHED": (
        "The report on {{property_address}}",
        f"{_HELLO}the report on {{{{property_address}}}} is ready.",
    ),
}

_TABLE = ", ".join(f"('{trigger}', '{subject}', '{message}')" for trigger, (subject, message) in WRITTEN.items())

FOLLOW_THE_DECLARED = f"""
    UPDATE automations SET
        recipients = CASE WHEN recipients = '["CLIENT"]' THEN NULL ELSE recipients END,
        subject = NULLIF(automations.subject, written.subject),
        message = NULLIF(automations.message, written.message)
      FROM (VALUES {_TABLE}) AS written (trigger, subject, message)
     WHERE automations.tier = 'BASE' AND automations.trigger = written.trigger
"""  # noqa: S608 - constants of this module

COPY_THE_DECLARED = f"""
    UPDATE automations SET
        recipients = COALESCE(recipients, '["CLIENT"]'),
        subject = COALESCE(automations.subject, written.subject),
        message = COALESCE(automations.message, written.message)
      FROM (VALUES {_TABLE}) AS written (trigger, subject, message)
     WHERE automations.tier = 'BASE' AND automations.trigger = written.trigger
"""  # noqa: S608 - constants of this module

FORWARD = [
    "CREATE UNIQUE INDEX automations_base_once ON automations (company_id, trigger) WHERE tier = 'BASE'",
    "CREATE INDEX occurrences_due ON occurrences (next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    "UPDATE occurrences SET next_attempt_at = CASE WHEN handled_at IS NULL THEN now() END",
    FOLLOW_THE_DECLARED,
]

REVERSE = [COPY_THE_DECLARED, "DROP INDEX occurrences_due", "DROP INDEX automations_base_once"]


class Migration(migrations.Migration):
    dependencies = [("models", "0007_connected_accounts")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="Automation",
            name="message",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AlterField(
            model_name="Automation",
            name="recipients",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AlterField(
            model_name="Automation",
            name="subject",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddConstraint(
            model_name="Automation",
            constraint=CheckConstraint(
                check="tier = 'BASE' OR (recipients IS NOT NULL AND subject IS NOT NULL AND message IS NOT NULL)",
                name="automations_complete",
            ),
        ),
        ops.RemoveIndex(model_name="Occurrence", name=None, fields=["handled_at", "id"]),
        ops.AddField(
            model_name="Occurrence",
            name="attempts",
            field=fields.IntField(default=0, db_default=0, description="How often a worker took it."),
        ),
        ops.AddField(
            model_name="Occurrence",
            name="next_attempt_at",
            field=fields.DatetimeField(
                null=True,
                default=now,
                description="When a worker may take it; null when it is handled or given up.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.RunSQL(FORWARD, REVERSE),
    ]
