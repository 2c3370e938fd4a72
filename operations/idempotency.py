"""Idempotency keys: repeating a money mutation returns its first result instead of doing it again."""

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from tortoise import connections

from models import IdempotencyKey
from rules import clock
from rules.access import Principal
from rules.errors import ErrorCode, Refusal
from rules.identifiers import new_id
from rules.limits import IDEMPOTENCY_KEY_LENGTH_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedCommand:
    """A command that may bear a key: repeated under it, it returns its first result.

    `operation` is stored with the key and never changes. The fields' names are part of what is compared: a key that is
    repeated over an upgrade that renames one is refused as reused, so that nothing is done twice.
    """

    operation: ClassVar[str]
    idempotency_key: str | None = None

    def fingerprint(self) -> str:
        """SHA-256, in hex, of everything in the command but its key."""
        given = asdict(self)
        del given["idempotency_key"]
        return hashlib.sha256(json.dumps(given, sort_keys=True, default=_spell).encode()).hexdigest()


class IdempotencyKeyReused(Refusal):
    """The key was used before, with another input."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED


async def claim(principal: Principal, command: KeyedCommand) -> UUID | None:
    """Claim the command's key inside the caller's transaction; returns the first result if there is one.

    A concurrent claim of the same key waits here until the other transaction ends. A refusal rolls the claim back,
    so the key stays free. Raises IdempotencyKeyReused when the key came with another input.
    """
    operation, key = command.operation, command.idempotency_key
    if key is None:
        return None
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise Refusal(
            f"idempotencyKey must have 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters.", field=("idempotencyKey",)
        )
    digest = command.fingerprint()
    inserted = await connections.get("default").execute_query_dict(
        "INSERT INTO idempotency_keys (id, created_at, company_id, actor_id, operation, key, input_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (actor_id, operation, key) DO NOTHING RETURNING id",
        [new_id(), clock.now(), principal.company_id, principal.actor_id, operation, key, digest],
    )
    if inserted:
        return None
    first = await IdempotencyKey.get(actor_id=principal.actor_id, operation=operation, key=key)
    if first.input_hash != digest:
        raise IdempotencyKeyReused(
            "idempotencyKey was used before with another input; choose a new key.", field=("idempotencyKey",)
        )
    return first.result_id


def _spell(value: object) -> str:
    """The same text for the same sum, however many zeros it was sent with."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


async def keep(principal: Principal, command: KeyedCommand, result_id: UUID) -> None:
    """Remember the result of the claimed key, in the same transaction."""
    if command.idempotency_key is not None:
        claimed = IdempotencyKey.filter(actor_id=principal.actor_id, operation=command.operation)
        await claimed.filter(key=command.idempotency_key).update(result_id=result_id)
