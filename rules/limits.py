"""What may be typed and asked for at most, and how long things are good for: refusals and descriptions quote it."""

from datetime import timedelta

NAME_LENGTH_MAX = 200
SIGNATURE_LENGTH_MAX = NAME_LENGTH_MAX
ROLE_NAME_LENGTH_MAX = 60
PHONE_LENGTH_MAX = 40
PROPERTY_ADDRESS_LENGTH_MAX = 300
DESCRIPTION_LENGTH_MAX = 200
SUBJECT_LENGTH_MAX = 200
MESSAGE_LENGTH_MAX = 5_000
AGREEMENT_LENGTH_MAX = 50_000
REFERENCE_LENGTH_MAX = 200
REASON_LENGTH_MAX = 500
IDEMPOTENCY_KEY_LENGTH_MAX = 255

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 200

RESET_MAILS_MAX = 3
"""An hour, to one staff member."""

STAFF_MAX = 1_000
"""Of one company."""

RECOVERY_CODES = 10
"""Told when a second factor is turned on; each is good once."""

USER_AGENT_LENGTH_MAX = 200
"""What is kept of how a browser calls itself, so that people tell their sessions apart."""

PEOPLE_MAX = 20
"""Of one inspection at its creation."""

SERVICES_MAX = 500
"""Of one company's catalogue."""

SERVICE_DESCRIPTION_LENGTH_MAX = 1_000

POSTAL_ADDRESS_LENGTH_MAX = 300
TAX_ID_LENGTH_MAX = 60

LOGO_BYTES_MAX = 200 * 1024
"""Of a picture as it is given, before base64, and as it is kept."""

LOGO_SIDE_MAX = 1_024
"""In pixels, as it is kept; what is larger is made smaller."""

LOGO_PIXELS_MAX = 8_000_000
"""Of a picture as it is given: what it takes in memory, whatever it weighs."""

LOGOS_KEPT_MAX = 10
"""Of one company, the newest: mails that were sent before refer to earlier ones."""

LINE_ITEMS_MAX = 100
"""Of one inspection."""

ADDITIONAL_ROLES_MAX = 30
AUTOMATIONS_MAX = 100
REMINDERS_MAX = 5
REMINDER_DAY_MAX = 90

DUE_DAYS_MAX = 365
"""From sending to the due date, unless a day is set by hand."""

DUE_DATE_YEARS_MAX = 10
"""How far from today, either way, a due date that is set by hand may be."""

NODES_MAX = 100
"""Read by their ids at once."""

PERIOD_DAYS_MAX = 366
"""Of one report."""

ACCESS_TOKEN_LIFE = timedelta(minutes=15)
SIGNED_ADDRESS_LIFE = timedelta(minutes=15)

REFRESH_GRACE = timedelta(seconds=10)
"""How long after its first use a refresh token may be used again, by a tab that did not hear of it."""

SIGN_IN_WINDOW = timedelta(minutes=15)
SIGN_IN_FAILURES_MAX = 5
"""Within the window, of one account from one address."""

SIGN_IN_FAILURES_IN_ALL_MAX = 50
"""Within the window, of one account, and from one address."""


def minutes(life: timedelta) -> str:
    """As sentences say it."""
    return f"{life // timedelta(minutes=1)} minutes"
