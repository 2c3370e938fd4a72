"""How much time and room websockets get."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of time and number; those without an owner are of the whole process."""

    init_seconds: float = 3.0
    ping_seconds: float = 25.0
    sockets_max: int = 1_000
    sockets_per_address_max: int = 250
    sockets_without_init_per_address_max: int = 20
    subscriptions_max: int = 1_000
    subscriptions_per_socket_max: int = 10
