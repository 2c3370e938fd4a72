"""A link that was shared knows the link it was shared from, and is no better than that one."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

FIND_PARENTS = """
    UPDATE grants SET parent_id = parents.id, expires_at = least(grants.expires_at, parents.expires_at)
      FROM events JOIN grants AS parents ON parents.id = events.actor_id
     WHERE events.name = 'link.created' AND events.actor_kind = 'CLIENT' AND events.subject_id = grants.id
       AND grants.issued_by = 'CLIENT_SHARE'
"""

END_WHAT_SHARED_LINKS_SHARED = """
    UPDATE grants SET revoked_at = now()
      FROM grants AS parents
     WHERE parents.id = grants.parent_id AND grants.revoked_at IS NULL
       AND (parents.issued_by = 'CLIENT_SHARE' OR parents.revoked_at IS NOT NULL)
"""
"""Whoever held a shared link could make more of them, which nobody was told of."""


class Migration(migrations.Migration):
    dependencies = [("models", "0005_refresh_tokens")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Grant",
            name="parent",
            field=fields.ForeignKeyField(
                "models.Grant",
                source_field="parent_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="shares",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL([FIND_PARENTS, END_WHAT_SHARED_LINKS_SHARED], []),
    ]
