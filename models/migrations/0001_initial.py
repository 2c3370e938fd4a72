import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.automations import AutomationLink, AutomationTier, AutomationTrigger
from models.companies import StripeStatus, UserRole, default_reminder_days
from models.emails import EmailKind
from models.events import ActorKind
from models.grants import GrantKind, GrantSource
from models.inspections import InspectionStatus, LineItemKind
from rules.clock import now
from rules.identifiers import new_id
from rules.roles import PersonRole
from rules.states import (
    EmailStatus,
    InvoiceKind,
    InvoiceStatus,
    PaymentMethod,
    PaymentState,
    PaymentStatus,
    RefundDisposition,
    RefundStatus,
)


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Company",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ("name", fields.CharField(max_length=200)),
                ("currency", fields.CharField(max_length=3)),
                ("time_zone", fields.CharField(default="UTC", max_length=64)),
                (
                    "stripe_status",
                    fields.CharEnumField(
                        default=StripeStatus.NOT_CONNECTED,
                        description="StripeStatus",
                        enum_type=StripeStatus,
                        max_length=32,
                    ),
                ),
                ("stripe_account_id", fields.CharField(null=True, unique=True, max_length=255)),
                (
                    "stripe_event_id",
                    fields.CharField(null=True, description="The last of Stripe's events we heard.", max_length=255),
                ),
                (
                    "next_hearing_at",
                    fields.DatetimeField(
                        null=True, description="When to ask for Stripe's news.", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "reminder_days",
                    fields.JSONField(
                        default=default_reminder_days,
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("deferred_payments_enabled", fields.BooleanField(default=False)),
                ("advanced_automations_enabled", fields.BooleanField(default=False)),
                ("report_lock_enabled", fields.BooleanField(default=False)),
                (
                    "additional_roles",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("inspection_count", fields.IntField(default=0, description="The last inspection number given out.")),
            ],
            options={
                "table": "companies",
                "app": "models",
                "pk_attr": "id",
                "table_description": "An inspection company: nothing crosses companies.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Automation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="automations",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("tier", fields.CharEnumField(description="AutomationTier", enum_type=AutomationTier, max_length=32)),
                (
                    "trigger",
                    fields.CharEnumField(description="AutomationTrigger", enum_type=AutomationTrigger, max_length=32),
                ),
                ("enabled", fields.BooleanField(default=True)),
                (
                    "recipients",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("subject", fields.CharField(max_length=200)),
                ("message", fields.TextField(unique=False)),
                (
                    "link",
                    fields.CharEnumField(
                        default=AutomationLink.NONE,
                        description="AutomationLink",
                        enum_type=AutomationLink,
                        max_length=32,
                    ),
                ),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "automations",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One rule. `recipients` are role names: CLIENT, BUYERS_AGENT, LISTING_AGENT or the company's additional ones.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="idempotency_keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor_id", fields.UUIDField()),
                ("operation", fields.CharField(max_length=60)),
                ("key", fields.CharField(max_length=255)),
                ("input_hash", fields.CharField(description="SHA-256 of the input, hex.", max_length=64)),
                ("result_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "idempotency_keys",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The first result of a money mutation, kept for whoever repeats it.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Person",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="people",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(null=True, max_length=254)),
                ("phone", fields.CharField(null=True, max_length=40)),
            ],
            options={
                "table": "people",
                "app": "models",
                "indexes": [Index(fields=["company_id", "name", "id"])],
                "pk_attr": "id",
                "table_description": "Somebody a company knows; they never sign in.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="users",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(unique=True, description="Lower case.", max_length=254)),
                ("password_hash", fields.CharField(description="argon2id.", max_length=255)),
                ("role", fields.CharEnumField(description="UserRole", enum_type=UserRole, max_length=32)),
            ],
            options={
                "table": "users",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A staff member, who signs in with email and password.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Inspection",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="inspections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(max_length=32)),
                ("property_address", fields.CharField(max_length=300)),
                ("scheduled_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "status",
                    fields.CharEnumField(
                        default=InspectionStatus.SCHEDULED,
                        description="InspectionStatus",
                        enum_type=InspectionStatus,
                        max_length=32,
                    ),
                ),
                (
                    "inspector",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="inspector_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="inspections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("inspector_name", fields.CharField(max_length=200)),
                ("notifications_disabled", fields.BooleanField(default=False)),
                ("invoice_count", fields.IntField(default=0, description="The last invoice sequence given out.")),
                ("currency", fields.CharField(max_length=3)),
                ("total_minor", fields.BigIntField(default=0)),
                ("settled_minor", fields.BigIntField(default=0)),
                ("in_flight_minor", fields.BigIntField(default=0)),
                ("remaining_minor", fields.BigIntField(default=0)),
                (
                    "payment_status",
                    fields.CharEnumField(
                        default=PaymentStatus.PAID, description="PaymentStatus", enum_type=PaymentStatus, max_length=32
                    ),
                ),
                ("report_url", fields.CharField(null=True, max_length=2000)),
                ("report_published_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("report_unlocked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "inspections",
                "app": "models",
                "indexes": [Index(fields=["company_id", "scheduled_at", "id"])],
                "pk_attr": "id",
                "table_description": "The job. Its balances are the sums of its invoices' and are kept in the transactions that change those.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Agreement",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="agreements",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="agreements",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.IntField()),
                ("body", fields.TextField(unique=False)),
                ("currency", fields.CharField(max_length=3)),
                ("total_minor", fields.BigIntField()),
                ("current", fields.BooleanField(default=True)),
                ("signed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("signed_by", fields.CharField(null=True, max_length=200)),
            ],
            options={
                "table": "agreements",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One version of what the client signs, with the total it names.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="events",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor_kind", fields.CharEnumField(description="ActorKind", enum_type=ActorKind, max_length=32)),
                ("actor_id", fields.UUIDField(null=True)),
                ("actor_name", fields.CharField(max_length=200)),
                ("name", fields.CharField(description="Such as `invoice.sent`.", max_length=60)),
                ("subject_id", fields.UUIDField()),
                (
                    "before",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                (
                    "after",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
            ],
            options={
                "table": "events",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One thing that happened to an inspection. A trigger refuses to change or delete it.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="InspectionPerson",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="inspection_people",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="people",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="inspections",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("role", fields.CharEnumField(description="PersonRole", enum_type=PersonRole, max_length=32)),
                ("role_name", fields.CharField(max_length=60)),
                (
                    "position",
                    fields.IntField(description="Display order; the CLIENT with the lowest is billed on PRIMARY."),
                ),
                ("removed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "inspection_people",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One entry of a People box; removed entries stay for the invoices that name them.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Invoice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invoices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invoices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "billed_to",
                    fields.ForeignKeyField(
                        "models.InspectionPerson",
                        source_field="billed_to_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invoices",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.CharField(max_length=40)),
                ("kind", fields.CharEnumField(description="InvoiceKind", enum_type=InvoiceKind, max_length=32)),
                ("status", fields.CharEnumField(description="InvoiceStatus", enum_type=InvoiceStatus, max_length=32)),
                (
                    "by_services",
                    fields.BooleanField(default=False, description="Bills chosen services, so it follows their edits."),
                ),
                ("revision", fields.IntField(default=1)),
                ("company_name", fields.CharField(max_length=200)),
                ("property_address", fields.CharField(max_length=300)),
                ("billed_to_name", fields.CharField(max_length=200)),
                ("currency", fields.CharField(max_length=3)),
                ("total_minor", fields.BigIntField(default=0)),
                ("credited_minor", fields.BigIntField(default=0)),
                ("settled_minor", fields.BigIntField(default=0)),
                ("in_flight_minor", fields.BigIntField(default=0)),
                ("remaining_minor", fields.BigIntField(default=0)),
                ("overpaid_minor", fields.BigIntField(default=0)),
                ("refunded_minor", fields.BigIntField(default=0)),
                (
                    "payment_status",
                    fields.CharEnumField(
                        default=PaymentStatus.UNPAID,
                        description="PaymentStatus",
                        enum_type=PaymentStatus,
                        max_length=32,
                    ),
                ),
                (
                    "prepared_subject",
                    fields.CharField(null=True, description="For the next sending only.", max_length=200),
                ),
                (
                    "prepared_message",
                    fields.TextField(null=True, description="For the next sending only.", unique=False),
                ),
                ("send_count", fields.IntField(default=0)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("paid_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("voided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invoices",
                "app": "models",
                "indexes": [Index(fields=["company_id", "status", "id"])],
                "pk_attr": "id",
                "table_description": "What one party is asked to pay. Names and address are snapshots: a payer reads nothing else of the job.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Grant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "invoice",
                    fields.ForeignKeyField(
                        "models.Invoice",
                        source_field="invoice_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="grants",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("person_name", fields.CharField(null=True, max_length=254)),
                ("kind", fields.CharEnumField(description="GrantKind", enum_type=GrantKind, max_length=32)),
                ("issued_by", fields.CharEnumField(description="GrantSource", enum_type=GrantSource, max_length=32)),
                (
                    "token_hash",
                    fields.CharField(
                        null=True, unique=True, description="Hex; null until the link is sent.", max_length=64
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "grants",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A right to one inspection's client portal or to one invoice. Only the SHA-256 of its token is stored.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="LineItem",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="line_items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="line_items",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharEnumField(description="LineItemKind", enum_type=LineItemKind, max_length=32)),
                ("description", fields.CharField(max_length=200)),
                ("currency", fields.CharField(max_length=3)),
                ("amount_minor", fields.BigIntField()),
                ("position", fields.IntField(description="Display order, in which amounts consume charges.")),
                ("removed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "line_items",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One charge; removed ones stay, at zero, for the void invoices that once billed them.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invoice_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "invoice",
                    fields.ForeignKeyField(
                        "models.Invoice",
                        source_field="invoice_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "line_item",
                    fields.ForeignKeyField(
                        "models.LineItem",
                        source_field="line_item_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="invoice_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("description", fields.CharField(max_length=200)),
                ("currency", fields.CharField(max_length=3)),
                ("amount_minor", fields.BigIntField()),
                ("position", fields.IntField()),
            ],
            options={
                "table": "invoice_lines",
                "app": "models",
                "pk_attr": "id",
                "table_description": "The part of one line item that one invoice bills.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Occurrence",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="occurrences",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="occurrences",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "trigger",
                    fields.CharEnumField(description="AutomationTrigger", enum_type=AutomationTrigger, max_length=32),
                ),
                ("subject_id", fields.UUIDField(description="The row it is about; the same thing never occurs twice.")),
                ("handled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "occurrences",
                "app": "models",
                "indexes": [Index(fields=["handled_at", "id"])],
                "pk_attr": "id",
                "table_description": "Something an automation may wait for, written in the transaction in which it happened; handled once.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Email",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "invoice",
                    fields.ForeignKeyField(
                        "models.Invoice",
                        source_field="invoice_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "grant",
                    fields.ForeignKeyField(
                        "models.Grant",
                        source_field="grant_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "automation",
                    fields.ForeignKeyField(
                        "models.Automation",
                        source_field="automation_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "occurrence",
                    fields.ForeignKeyField(
                        "models.Occurrence",
                        source_field="occurrence_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharEnumField(description="EmailKind", enum_type=EmailKind, max_length=32)),
                ("sequence", fields.IntField(default=1)),
                ("to_name", fields.CharField(max_length=200)),
                ("to_address", fields.CharField(max_length=254)),
                ("subject", fields.CharField(max_length=200)),
                ("text", fields.TextField(unique=False)),
                ("html", fields.TextField(unique=False)),
                ("message_id", fields.CharField(unique=True, max_length=255)),
                (
                    "status",
                    fields.CharEnumField(
                        default=EmailStatus.QUEUED, description="EmailStatus", enum_type=EmailStatus, max_length=32
                    ),
                ),
                ("attempts", fields.IntField(default=0)),
                ("last_error", fields.CharField(null=True, max_length=500)),
                ("queued_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ("next_attempt_at", fields.DatetimeField(null=True, default=now, auto_now=False, auto_now_add=False)),
                ("leased_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "transmitting",
                    fields.BooleanField(default=False, description="DATA began: a lost connection is UNCERTAIN."),
                ),
                ("accepted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "emails",
                "app": "models",
                "indexes": [Index(fields=["company_id", "queued_at", "id"]), Index(fields=["to_address", "queued_at"])],
                "pk_attr": "id",
                "table_description": "One mail to one person. Recipient, subject and body are snapshots; the link is minted when it is sent.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Payment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "inspection",
                    fields.ForeignKeyField(
                        "models.Inspection",
                        source_field="inspection_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "invoice",
                    fields.ForeignKeyField(
                        "models.Invoice",
                        source_field="invoice_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "payer",
                    fields.ForeignKeyField(
                        "models.InspectionPerson",
                        source_field="payer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="payments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("payer_name", fields.CharField(max_length=200)),
                ("payer_role", fields.CharEnumField(description="PersonRole", enum_type=PersonRole, max_length=32)),
                ("method", fields.CharEnumField(description="PaymentMethod", enum_type=PaymentMethod, max_length=32)),
                ("state", fields.CharEnumField(description="PaymentState", enum_type=PaymentState, max_length=32)),
                ("currency", fields.CharField(max_length=3)),
                ("amount_minor", fields.BigIntField()),
                ("refunded_minor", fields.BigIntField(default=0)),
                ("refundable_minor", fields.BigIntField(default=0)),
                ("disputed_minor", fields.BigIntField(default=0)),
                ("reference", fields.CharField(null=True, max_length=200)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failure_message", fields.CharField(null=True, max_length=500)),
                ("card_brand", fields.CharField(null=True, max_length=40)),
                ("card_last4", fields.CharField(null=True, max_length=4)),
                ("stripe_account_id", fields.CharField(null=True, max_length=255)),
                ("checkout_session_id", fields.CharField(null=True, unique=True, max_length=255)),
                ("checkout_url", fields.CharField(null=True, max_length=2000)),
                ("return_url", fields.CharField(null=True, max_length=2000)),
                ("checkout_expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("stripe_payment_intent_id", fields.CharField(null=True, unique=True, max_length=255)),
                (
                    "next_poll_at",
                    fields.DatetimeField(
                        null=True, description="Null once nothing is left to ask.", auto_now=False, auto_now_add=False
                    ),
                ),
                ("poll_count", fields.IntField(default=0)),
            ],
            options={
                "table": "payments",
                "app": "models",
                "indexes": [Index(fields=["company_id", "created_at", "id"])],
                "pk_attr": "id",
                "table_description": "One attempt or success at paying one invoice. No card number or account is ever stored.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Refund",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "models.Payment",
                        source_field="payment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refunds",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("currency", fields.CharField(max_length=3)),
                ("amount_minor", fields.BigIntField()),
                ("credited_minor", fields.BigIntField(default=0)),
                ("status", fields.CharEnumField(description="RefundStatus", enum_type=RefundStatus, max_length=32)),
                (
                    "disposition",
                    fields.CharEnumField(description="RefundDisposition", enum_type=RefundDisposition, max_length=32),
                ),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("failure_message", fields.CharField(null=True, max_length=500)),
                ("stripe_refund_id", fields.CharField(null=True, unique=True, max_length=255)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("next_poll_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("poll_count", fields.IntField(default=0)),
            ],
            options={
                "table": "refunds",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Money given back from one payment, to whoever paid it.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="SignIn",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="sign_ins",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="sign_ins",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "generation",
                    fields.IntField(default=1, description="How often the refresh token was rotated, plus one."),
                ),
                (
                    "refresh_hash",
                    fields.CharField(description="SHA-256 of the current refresh token, hex.", max_length=64),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_ins",
                "app": "models",
                "indexes": [Index(fields=["expires_at"])],
                "pk_attr": "id",
                "table_description": "One sign-in and the chain of refresh tokens that grew from it; using an old one again revokes it.",
            },
            bases=["Row"],
        ),
        ops.AddConstraint(
            model_name="Agreement",
            constraint=UniqueConstraint(
                fields=("inspection_id", "version"), name="agreements_version_unique", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="Agreement",
            constraint=UniqueConstraint(fields=("inspection_id",), name="agreements_one_current", condition="current"),
        ),
        ops.AddConstraint(
            model_name="Email",
            constraint=UniqueConstraint(fields=("invoice_id", "kind", "sequence"), name="emails_once", condition=None),
        ),
        ops.AddConstraint(
            model_name="Email",
            constraint=UniqueConstraint(
                fields=("automation_id", "occurrence_id", "to_address"), name="emails_once_per_rule", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="Email",
            constraint=CheckConstraint(
                check="to_address NOT LIKE '%,%' AND to_address LIKE '_%@_%'", name="emails_one_recipient"
            ),
        ),
        ops.AddConstraint(
            model_name="IdempotencyKey",
            constraint=UniqueConstraint(
                fields=("actor_id", "operation", "key"), name="idempotency_keys_once", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="Inspection",
            constraint=UniqueConstraint(
                fields=("company_id", "number"), name="inspections_number_unique", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="Inspection",
            constraint=CheckConstraint(
                check="total_minor >= 0 AND remaining_minor >= 0 AND in_flight_minor >= 0",
                name="inspections_not_negative",
            ),
        ),
        ops.AddConstraint(
            model_name="InspectionPerson",
            constraint=UniqueConstraint(
                fields=("inspection_id", "person_id"), name="inspection_people_once", condition="removed_at IS NULL"
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=UniqueConstraint(fields=("company_id", "number"), name="invoices_number_unique", condition=None),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=UniqueConstraint(
                fields=("inspection_id",), name="invoices_one_primary", condition="kind = 'PRIMARY'"
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="kind <> 'PRIMARY' OR status IN ('OPEN', 'PAID')", name="invoices_primary_open_or_paid"
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="total_minor >= 0 AND credited_minor >= 0 AND settled_minor >= 0 AND in_flight_minor >= 0 AND refunded_minor >= 0",
                name="invoices_not_negative",
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="remaining_minor = CASE WHEN status = 'VOID' THEN 0 ELSE GREATEST(0, total_minor - credited_minor - settled_minor - in_flight_minor) END",
                name="invoices_remaining",
            ),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="overpaid_minor = GREATEST(0, settled_minor + in_flight_minor - CASE WHEN status = 'VOID' THEN 0 ELSE GREATEST(0, total_minor - credited_minor) END)",
                name="invoices_overpaid",
            ),
        ),
        ops.AddConstraint(
            model_name="InvoiceLine",
            constraint=UniqueConstraint(
                fields=("invoice_id", "line_item_id"), name="invoice_lines_once", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="InvoiceLine",
            constraint=CheckConstraint(check="amount_minor <> 0", name="invoice_lines_not_zero"),
        ),
        ops.AddConstraint(
            model_name="LineItem",
            constraint=CheckConstraint(
                check="CASE WHEN removed_at IS NOT NULL THEN amount_minor = 0 WHEN kind = 'DISCOUNT' THEN amount_minor < 0 ELSE amount_minor > 0 END",
                name="line_items_sign",
            ),
        ),
        ops.AddConstraint(
            model_name="Occurrence",
            constraint=UniqueConstraint(
                fields=("inspection_id", "trigger", "subject_id"), name="occurrences_once", condition=None
            ),
        ),
        ops.AddConstraint(
            model_name="Payment",
            constraint=UniqueConstraint(
                fields=("invoice_id",),
                name="payments_one_live_attempt",
                condition="state IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'UNKNOWN')",
            ),
        ),
        ops.AddConstraint(
            model_name="Payment",
            constraint=CheckConstraint(
                check="amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor AND refundable_minor BETWEEN 0 AND amount_minor - refunded_minor AND disputed_minor BETWEEN 0 AND amount_minor",
                name="payments_amounts",
            ),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(
                check="amount_minor > 0 AND credited_minor BETWEEN 0 AND amount_minor", name="refunds_amounts"
            ),
        ),
    ]
