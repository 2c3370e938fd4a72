"""The words of the field: what automations wait for are automation events, and Stripe's events are synced."""

from copy import deepcopy
from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint


class RenameStoredModel(ops.RenameModel):
    """Renames a model with its table and with what others call it; Tortoise's own keeps both where they were chosen."""

    def __init__(self, old_name: str, new_name: str, *, tables: tuple[str, str]) -> None:
        super().__init__(old_name, new_name)
        self.tables = tables

    def state_forward(self, app_label: str, state: Any) -> None:
        old_table, new_table = self.tables
        model = state.models.pop((app_label, self.old_name))
        state.apps.unregister_model(app_label, self.old_name)
        model.name, model.table, model.options["table"] = self.new_name, new_table, new_table
        for name, field in model.fields.items():
            if getattr(field, "related_name", None) == old_table:
                model.fields[name] = renamed = deepcopy(field)
                renamed.related_name = new_table
        for other in state.models.values():
            for name, field in other.fields.items():
                if getattr(field, "model_name", None) == f"{app_label}.{self.old_name}":
                    other.fields[name] = renamed = deepcopy(field)
                    renamed.model_name = f"{app_label}.{self.new_name}"
        state.models[(app_label, self.new_name)] = model
        state.reload_model(app_label, self.new_name)


class Restate(ops.TortoiseOperation):
    """Tells the migrations' state what SQL has renamed: fields with their columns, constraints and indexes."""

    def __init__(self, model_name: str, *, fields: dict[str, tuple[str, Any]], **options: Any) -> None:
        self.model_name = model_name
        self.fields = fields
        self.options = options

    def describe(self) -> str:
        return f"Restate {self.model_name}"

    def state_forward(self, app_label: str, state: Any) -> None:
        model = self.get_model_state(state, app_label, self.model_name)
        for old_name, (new_name, field) in self.fields.items():
            del model.fields[old_name]
            model.fields[new_name] = field
        for name, (old, new) in self.options.items():
            kept = [one for one in model.options[name] if one != old]
            assert len(kept) == len(model.options[name]) - 1, f"{self.model_name} has no {old}"
            model.options[name] = [*kept, new]
        state.reload_model(app_label, self.model_name)

    async def database_forward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        """Nothing: RunSQL does it."""

    async def database_backward(self, app_label: str, old_state: Any, new_state: Any, state_editor: Any = None) -> None:
        """Nothing: RunSQL does it."""


FORWARD = [
    "ALTER TABLE automation_events RENAME CONSTRAINT occurrences_once TO automation_events_once",
    "ALTER INDEX occurrences_due RENAME TO automation_events_due",
    "ALTER TABLE emails RENAME COLUMN occurrence_id TO automation_event_id",
    "ALTER TABLE connected_accounts RENAME COLUMN next_hearing_at TO next_sync_at",
]
REVERSE = [
    "ALTER TABLE connected_accounts RENAME COLUMN next_sync_at TO next_hearing_at",
    "ALTER TABLE emails RENAME COLUMN automation_event_id TO occurrence_id",
    "ALTER INDEX automation_events_due RENAME TO occurrences_due",
    "ALTER TABLE automation_events RENAME CONSTRAINT automation_events_once TO occurrences_once",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0010_outstanding")]

    initial = False

    operations = [
        RenameStoredModel("Occurrence", "AutomationEvent", tables=("occurrences", "automation_events")),
        ops.RunSQL(FORWARD, REVERSE),
        Restate(
            "AutomationEvent",
            fields={},
            constraints=(
                UniqueConstraint(fields=("inspection_id", "trigger", "subject_id"), name="occurrences_once"),
                UniqueConstraint(fields=("inspection_id", "trigger", "subject_id"), name="automation_events_once"),
            ),
        ),
        Restate(
            "Email",
            fields={
                "occurrence": (
                    "automation_event",
                    fields.ForeignKeyField(
                        "models.AutomationEvent",
                        source_field="automation_event_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="emails",
                        on_delete=fields.OnDelete.RESTRICT,
                    ),
                )
            },
            constraints=(
                UniqueConstraint(fields=("automation_id", "occurrence_id", "to_address"), name="emails_once_per_rule"),
                UniqueConstraint(
                    fields=("automation_id", "automation_event_id", "to_address"), name="emails_once_per_rule"
                ),
            ),
        ),
        Restate(
            "ConnectedAccount",
            fields={
                "next_hearing_at": (
                    "next_sync_at",
                    fields.DatetimeField(
                        null=True, description="When to ask for its events.", auto_now=False, auto_now_add=False
                    ),
                )
            },
            indexes=(Index(fields=["next_hearing_at"]), Index(fields=["next_sync_at"])),
        ),
    ]
