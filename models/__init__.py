"""What is stored: Tortoise models, constraints, migrations and the only row-level filter."""

from models.automations import Automation, AutomationEvent, AutomationTier
from models.base import Row
from models.brandings import Branding, Logo
from models.catalogue import Service
from models.companies import (
    Company,
    ConnectedAccount,
    RecoveryCode,
    RefreshToken,
    SignIn,
    StaffLink,
    StripeStatus,
    User,
    UserRole,
)
from models.emails import Email
from models.events import ActorKind, Event, IdempotencyKey
from models.grants import Grant, GrantSource
from models.inspections import Agreement, Inspection, InspectionPerson, InspectionStatus, LineItem, LineItemKind
from models.invoices import Invoice, InvoiceLine
from models.payments import Payment, Refund
from models.people import Person
from rules.automations import AutomationLink, AutomationTrigger
from rules.links import GrantKind
from rules.mails import EmailKind

__all__ = [
    "ActorKind",
    "Agreement",
    "Automation",
    "AutomationEvent",
    "AutomationLink",
    "AutomationTier",
    "AutomationTrigger",
    "Branding",
    "Company",
    "ConnectedAccount",
    "Email",
    "EmailKind",
    "Event",
    "Grant",
    "GrantKind",
    "GrantSource",
    "IdempotencyKey",
    "Inspection",
    "InspectionPerson",
    "InspectionStatus",
    "Invoice",
    "InvoiceLine",
    "LineItem",
    "LineItemKind",
    "Logo",
    "Payment",
    "Person",
    "RecoveryCode",
    "RefreshToken",
    "Refund",
    "Row",
    "Service",
    "SignIn",
    "StaffLink",
    "StripeStatus",
    "User",
    "UserRole",
]
