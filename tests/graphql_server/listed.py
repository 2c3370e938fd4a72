"""A table to page through, with equal values in the column that is listed by."""

from tortoise import fields, models


class Listed(models.Model):
    id = fields.UUIDField(primary_key=True)
    rank = fields.IntField()
    name = fields.TextField()
