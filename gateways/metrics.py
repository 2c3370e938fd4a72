"""What Prometheus is told: every metric, declared once. No label holds what anybody typed, or tells who it was.

Counting costs a microsecond or two, whether or not anybody asks. With several processes each writes to a file of its
own, which the supervisor adds up: `PROMETHEUS_MULTIPROC_DIR` is set before this is imported.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STRIPE_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

REQUESTS = Counter("inspectpay_requests", "GraphQL requests.", ["operation", "kind", "scope", "code"])
REQUEST_SECONDS = Histogram(
    "inspectpay_request_seconds", "How long GraphQL requests took.", ["operation", "kind"], buckets=SECONDS
)
PLANS_COMPILED = Counter("inspectpay_plans_compiled", "Statements that were written for a document.")
READS = Counter("inspectpay_reads", "Reads that ran such a statement, new or kept.")
WAITING = Gauge("inspectpay_waiting", "Operations that wait for their turn.", ["place"], multiprocess_mode="livesum")
FREE = Gauge("inspectpay_free", "Places that are free.", ["place"], multiprocess_mode="livesum")
CHANGE_FEED_LAG = Gauge(
    "inspectpay_change_feed_lag_seconds", "Since the feed was last read; the greatest.", multiprocess_mode="livemax"
)
STRIPE_CALL_SECONDS = Histogram(
    "inspectpay_stripe_call_seconds", "How long calls of Stripe took.", ["endpoint", "outcome"], buckets=STRIPE_SECONDS
)
STRIPE_LIMIT_LEFT = Gauge(
    "inspectpay_stripe_limit_left_ratio",
    "What was left of the burst that Stripe allows, at the last call; the least.",
    multiprocess_mode="livemin",
)
STRIPE_PUT_OFF = Counter("inspectpay_stripe_put_off", "Calls whose turn was too far away.")
SWEEPS = Counter("inspectpay_sweeps", "Sweeps of workers.", ["sweep", "outcome"])
SWEEP_SECONDS = Histogram("inspectpay_sweep_seconds", "How long sweeps took.", ["sweep"], buckets=STRIPE_SECONDS)
SWEPT = Counter("inspectpay_swept_rows", "Rows that sweeps worked off.", ["sweep"])
REMINDERS = Counter("inspectpay_reminders", "Reminders that were due.")
BACKLOG = Gauge(
    "inspectpay_backlog",
    "What waits in the tables: counts, and ages in seconds.",
    ["what"],
    multiprocess_mode="livemostrecent",
)
AUDIT_DISCREPANCIES = Gauge(
    "inspectpay_audit_discrepancies",
    "Figures that did not agree in the last audit.",
    multiprocess_mode="livemostrecent",
)
AUDIT_TIME = Gauge(
    "inspectpay_audit_timestamp_seconds", "When the last audit ended; 0 for never.", multiprocess_mode="livemostrecent"
)
