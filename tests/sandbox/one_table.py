"""One Tortoise model, because Tortoise refuses to connect without any."""

from tortoise import fields, models


class Proof(models.Model):
    """Never created; it only lets Tortoise start."""

    id = fields.IntField(primary_key=True)
