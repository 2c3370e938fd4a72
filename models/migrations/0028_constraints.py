"""Constraints that earlier migrations declared together with their tables: Tortoise makes none of those."""

from tortoise import migrations
from tortoise.migrations import operations as ops

FORWARD = [
    "CREATE UNIQUE INDEX connected_accounts_one_begun ON connected_accounts (company_id) WHERE account_id IS NULL",
    "ALTER TABLE services ADD CONSTRAINT services_one_of_a_name UNIQUE (company_id, name)",
    "ALTER TABLE services ADD CONSTRAINT services_sign"
    " CHECK (CASE WHEN kind = 'DISCOUNT' THEN amount_minor < 0 ELSE amount_minor > 0 END)",
    "ALTER TABLE brandings ADD CONSTRAINT brandings_one_of_a_company UNIQUE (company_id)",
    "ALTER TABLE brandings ADD CONSTRAINT brandings_colors"
    " CHECK (color ~ '^#[0-9a-f]{6}$' AND text_color ~ '^#[0-9a-f]{6}$')",
]
BACK = [
    "ALTER TABLE brandings DROP CONSTRAINT brandings_colors, DROP CONSTRAINT brandings_one_of_a_company",
    "ALTER TABLE services DROP CONSTRAINT services_sign, DROP CONSTRAINT services_one_of_a_name",
    "DROP INDEX connected_accounts_one_begun",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0027_retention")]

    initial = False

    operations = [ops.RunSQL(FORWARD, BACK)]
