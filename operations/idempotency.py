"""Idempotency keys: repeating a money mutation returns its first result instead of doing it again."""

import hashlib
import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from tortoise import connections

from models import IdempotencyKey
from operations.transactions import unit_of_work
from rules.access import Principal
from rules.errors import ErrorCode, Refusal
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


class Claim:
    """A command's key, claimed by the running transaction; a command without one claims nothing."""

    def __init__(self, row: IdempotencyKey | None) -> None:
        self._row = row

    @property
    def first_result(self) -> UUID | None:
        """What the command did when its key was first used, if that was before."""
        return self._row.result_id if self._row else None

    def keep(self, result_id: UUID) -> None:
        """Remember what the command did, in the same transaction."""
        if self._row:
            self._row.result_id = result_id


async def claim(principal: Principal, command: KeyedCommand) -> Claim:
    """Claim the command's key inside the caller's transaction, which looks at the claim's `first_result`.

    A concurrent claim of the same key waits here until the other transaction ends. A refusal rolls the claim back,
    so the key stays free. Raises IdempotencyKeyReused when the key came with another input.
    """
    key = command.idempotency_key
    if key is None:
        return Claim(None)
    if not 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise Refusal(
            f"idempotencyKey must have 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters.", field=("idempotencyKey",)
        )
    row = IdempotencyKey(
        company_id=principal.company_id,
        actor_id=principal.actor_id,
        operation=command.operation,
        key=key,
        input_hash=command.fingerprint(),
    )
    if await _insert(row):
        unit_of_work().track([row])
        return Claim(row)
    first = await IdempotencyKey.get(actor_id=row.actor_id, operation=row.operation, key=key)
    if first.input_hash != row.input_hash:
        raise IdempotencyKeyReused(
            "idempotencyKey was used before with another input; choose a new key.", field=("idempotencyKey",)
        )
    return Claim(first)


async def _insert(row: IdempotencyKey) -> bool:
    """Write the key, unless it is there: known at once, for what follows must not happen twice."""
    inserted = await connections.get("default").execute_query_dict(
        "INSERT INTO idempotency_keys (id, created_at, company_id, actor_id, operation, key, input_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (actor_id, operation, key) DO NOTHING RETURNING id",
        [row.id, row.created_at, row.company_id, row.actor_id, row.operation, row.key, row.input_hash],
    )
    return bool(inserted)


def _spell(value: object) -> str:
    """The same text for the same sum, however many zeros it was sent with."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
