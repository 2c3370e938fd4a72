"""The root of writing: the mutations of all domains."""

import strawberry

from schema.mutations.agreements import AgreementsMutations
from schema.mutations.automations import AutomationsMutations
from schema.mutations.catalogue import ServicesMutations
from schema.mutations.companies import CompaniesMutations
from schema.mutations.grants import GrantsMutations
from schema.mutations.inspections import InspectionsMutations
from schema.mutations.invoices import InvoicesMutations
from schema.mutations.line_items import LineItemsMutations
from schema.mutations.payments import PaymentsMutations
from schema.mutations.people import PeopleMutations
from schema.mutations.sessions import SessionsMutations
from schema.mutations.staff import StaffMutations


@strawberry.type(description="Writing. Refusals come back in the payload's userErrors, and then nothing was changed.")
class Mutation(
    AutomationsMutations,
    CompaniesMutations,
    AgreementsMutations,
    PaymentsMutations,
    GrantsMutations,
    InvoicesMutations,
    LineItemsMutations,
    PeopleMutations,
    InspectionsMutations,
    ServicesMutations,
    SessionsMutations,
    StaffMutations,
):
    pass
