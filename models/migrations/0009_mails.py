"""Mails keep what their attached document says; links are found by whom they were mailed to; nobody types a link's place."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

# What stood for the link in mails that wait while this version is put in place, and what stands for it now.
RENAME = """
UPDATE emails
   SET text = replace(text, 'https://link.invalid/payment-link', E'\\x1flink\\x1f'),
       html = replace(html, 'https://link.invalid/payment-link', E'\\x1flink\\x1f')
 WHERE status IN ('QUEUED', 'RETRY', 'SENDING') AND grant_id IS NOT NULL
"""
RENAME_BACK = """
UPDATE emails
   SET text = replace(text, E'\\x1flink\\x1f', 'https://link.invalid/payment-link'),
       html = replace(html, E'\\x1flink\\x1f', 'https://link.invalid/payment-link')
 WHERE status IN ('QUEUED', 'RETRY', 'SENDING') AND grant_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0008_automations")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Email",
            name="document",
            field=fields.JSONField(null=True, description="Laid out and attached when it is sent."),
        ),
        ops.AddIndex(model_name="Grant", index=Index(fields=["person_id"])),
        ops.RunSQL([RENAME], [RENAME_BACK]),
    ]
