"""What the gateways do to the outside world, seen from there."""
