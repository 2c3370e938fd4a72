"""Faults that the mailbox commits on request, so that senders can be seen coping with them.

    {"kind": "reject", "stage": "mail" | "rcpt" | "data", "code": 451, "count": 1}   answer that stage with a refusal
    {"kind": "hang", "stage": "connect" | "mail" | "rcpt" | "data", "seconds": 5, "count": 1}   be slow, then go on
    {"kind": "drop", "stored": true, "count": 1}   take the mail, then close the connection without an answer

`count` (1 unless told) is how many times it happens. A dropped mail is in the mailbox afterwards unless `stored` is
false. The faults asked for first happen first; several may wait for the same stage.
"""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

STAGES = {"reject": ("mail", "rcpt", "data"), "hang": ("connect", "mail", "rcpt", "data"), "drop": ("data",)}
FIELDS = {"reject": {"stage", "code"}, "hang": {"stage", "seconds"}, "drop": {"stored"}}
FAULTS_MAX = 100
COUNT_MAX = 1_000_000
SECONDS_MAX = 600.0


class FaultRefused(ValueError):
    """The fault asked for makes no sense; the message names the field and what it may be."""


@dataclass
class Fault:
    """A fault that will still happen `count` times."""

    kind: str
    stage: str
    count: int
    code: int = 451
    seconds: float = 0.0
    stored: bool = True


class Faults:
    """The faults still to be committed."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, asked: Any) -> Fault:
        """Read a fault off a JSON object and wait for its occasion."""
        fault = _read(asked)
        if len(self._waiting) >= FAULTS_MAX:
            raise FaultRefused(f"{FAULTS_MAX} faults are waiting already: clear them with DELETE /api/faults.")
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Commit none of those that wait."""
        self._waiting.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Those that wait, as `GET /api/faults` shows them."""
        return [asdict(fault) for fault in self._waiting]

    def take(self, kind: str, stage: str) -> Fault | None:
        """The first fault of that kind for that stage, counted down by one."""
        for fault in self._waiting:
            if (fault.kind, fault.stage) == (kind, stage):
                fault.count -= 1
                if fault.count == 0:
                    self._waiting.remove(fault)
                return fault
        return None

    async def hang(self, stage: str) -> None:
        """Wait as long as a fault for that stage says; return at once without one."""
        if fault := self.take("hang", stage):
            await asyncio.sleep(fault.seconds)

    def refusal(self, stage: str) -> str | None:
        """The SMTP reply that a fault for that stage wants, or None."""
        fault = self.take("reject", stage)
        if fault is None:
            return None
        lasting = "permanent" if fault.code >= 500 else "temporary"
        return f"{fault.code} {fault.code // 100}.3.0 {lasting} refusal, as asked for"


def _read(asked: Any) -> Fault:
    if not isinstance(asked, dict):
        raise FaultRefused("A fault is a JSON object with a `kind`.")
    kind = asked.get("kind")
    if not isinstance(kind, str) or kind not in STAGES:
        raise FaultRefused(f"`kind` must be one of {', '.join(STAGES)}.")
    if unknown := sorted(asked.keys() - FIELDS[kind] - {"kind", "count"}):
        raise FaultRefused(f"`{unknown[0]}` is not a field of {kind!r}, which takes {', '.join(sorted(FIELDS[kind]))}.")
    stage = asked.get("stage", STAGES[kind][-1])
    if stage not in STAGES[kind]:
        raise FaultRefused(f"`stage` of {kind!r} must be one of {', '.join(STAGES[kind])}.")
    return Fault(
        kind=kind,
        stage=stage,
        count=int(_number(asked, "count", default=1, lowest=1, highest=COUNT_MAX, whole=True)),
        code=int(_number(asked, "code", default=451, lowest=400, highest=599, whole=True)),
        seconds=_number(asked, "seconds", default=1, lowest=0, highest=SECONDS_MAX, whole=False),
        stored=_flag(asked, "stored"),
    )


def _number(asked: dict[str, Any], field: str, *, default: float, lowest: float, highest: float, whole: bool) -> float:
    value = asked.get(field, default)
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not is_number or not lowest <= value <= highest:
        kind = "a whole number" if whole else "a number"
        raise FaultRefused(f"`{field}` must be {kind} from {lowest:.0f} to {highest:.0f}.")
    return float(value)


def _flag(asked: dict[str, Any], field: str) -> bool:
    value = asked.get(field, True)
    if not isinstance(value, bool):
        raise FaultRefused(f"`{field}` must be true or false.")
    return value
