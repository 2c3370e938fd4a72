"""The outbox, the poller and the worker's process, on the real parts and with their faults."""
