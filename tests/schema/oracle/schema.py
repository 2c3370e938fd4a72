"""The API's schema with the oracle's resolvers."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType

from graphql_server.access import python_name
from graphql_server.api import Api
from rules.access import Scope
from schema.inputs.orders import ORDERS
from schema.mutations.root import Mutation
from schema.query import Query
from schema.root import NODES
from schema.subscription import Subscription
from tests.schema.oracle import lists, values
from tests.schema.oracle.asking import Info, attribute

Resolve = Callable[..., Awaitable[Any]]

RESOLVERS: dict[str, Resolve] = {
    "Query.viewer": values.viewer,
    "Query.automations": lists.automations,
    "Query.services": lists.services,
    "Query.node": lists.node,
    "Query.nodes": lists.nodes,
    "Query.inspection": lists.inspection,
    "Query.invoice": lists.invoice,
    "Query.inspections": lists.inspections,
    "Query.people": lists.people,
    "Query.invoices": lists.invoices,
    "Query.payments": lists.payments,
    "Query.emails": lists.emails,
    "Query.paymentReport": values.report_rows,
    "Query.paymentExportUrl": values.payment_export_url,
    "Query.receivablesExportUrl": values.receivables_export_url,
    "Query.outstanding": values.outstanding,
    "InspectorViewer.user": values.viewer_user,
    "InspectorViewer.company": values.viewer_company,
    "ClientViewer.person": values.viewer_person,
    "ClientViewer.guest": values.viewer_guest,
    "Inspection.overdue": values.overdue,
    "Invoice.overdue": values.overdue,
    "ClientViewer.inspection": values.viewer_inspection,
    "PayerViewer.invoice": values.viewer_invoice,
    "Inspection.primaryInvoice": values.primary_invoice,
    "Inspection.unsent": values.unsent,
    "Inspection.writtenOff": values.written_off,
    "Inspection.invoicing": values.invoicing,
    "Inspection.report": values.report,
    "Company.stripe": values.stripe,
    "Company.branding": values.company_branding,
    "Invoice.branding": values.invoice_branding,
    "Branding.name": values.branding_name,
    "Branding.logoUrl": values.logo_url,
    "User.active": values.active,
    "User.secondFactor": values.second_factor,
    "User.sessions": values.sessions,
    "Session.id": values.session_id,
    "Session.refreshedAt": values.refreshed_at,
    "Session.current": values.is_current_session,
    "Event.before": values.before,
    "Event.after": values.after,
    "Invoice.documentUrl": values.document_url,
    "Invoice.billedTo": values.billed_to,
    "Invoice.notice": values.notice,
    "Invoice.emailPreview": values.email_preview,
    "Payment.payerRoleName": values.payer_role_name,
    "Automation.name": values.automation_name,
    "Automation.recipients": values.automation_recipients,
    "Automation.subject": values.automation_subject,
    "Automation.message": values.automation_message,
    "Automation.link": values.automation_link,
}


@cache
def oracle_schema() -> GraphQLSchema:
    """A schema of its own, so that nothing of it reaches the API's."""
    schema = Api(Query, Mutation, Subscription, scopes=Scope, types=NODES, scalars=ORDERS).graphql_schema
    for named in schema.type_map.values():
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = lambda value, *_: getattr(value, "type_name", type(value).__name__)
        if isinstance(named, GraphQLObjectType) and not named.name.startswith("__"):
            named.is_type_of = None
            for name, field in named.fields.items():
                field.resolve = RESOLVERS.get(f"{named.name}.{name}") or _attribute(python_name(field))
    return schema


def _attribute(name: str) -> Callable[[Any, Info], Any]:
    return lambda row, info: attribute(row, name, info)
