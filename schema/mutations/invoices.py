"""Mutations of invoices."""

import strawberry

import resolvers.invoices as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.invoices import (
    AddInvoiceInput,
    CloseInvoiceShortInput,
    MarkInvoiceUncollectibleInput,
    SendInvoiceInput,
    UpdateInvoiceDueDateInput,
    UpdateInvoiceInput,
    VoidInvoiceInput,
)
from schema.payloads import InvoicePayload


@strawberry.type(description="Mutations of invoices.")
class InvoicesMutations:
    add_invoice = mutation(
        resolve.add_invoice,
        INSPECTOR,
        takes=AddInvoiceInput,
        returns=InvoicePayload,
        description="Split off a share of what is owed: as a draft, or sent at once.",
    )
    update_invoice = mutation(
        resolve.update_invoice,
        INSPECTOR,
        takes=UpdateInvoiceInput,
        returns=InvoicePayload,
        description="Change a draft.",
    )
    update_invoice_due_date = mutation(
        resolve.update_invoice_due_date,
        INSPECTOR,
        takes=UpdateInvoiceDueDateInput,
        returns=InvoicePayload,
        description="Set the day by which an unpaid invoice is to be paid; reminders count from it.",
    )
    send_invoice = mutation(
        resolve.send_invoice,
        INSPECTOR,
        takes=SendInvoiceInput,
        returns=InvoicePayload,
        description="Mail an invoice to the one party it bills; sends again what is open.",
    )
    void_invoice = mutation(
        resolve.void_invoice,
        INSPECTOR,
        takes=VoidInvoiceInput,
        returns=InvoicePayload,
        description="Withdraw an invoice nothing was paid on; its share goes back to the client.",
    )
    close_invoice_short = mutation(
        resolve.close_invoice_short,
        INSPECTOR,
        takes=CloseInvoiceShortInput,
        returns=InvoicePayload,
        description="Be content with what was paid: the rest goes back to the client.",
    )
    mark_invoice_uncollectible = mutation(
        resolve.mark_invoice_uncollectible,
        INSPECTOR,
        takes=MarkInvoiceUncollectibleInput,
        returns=InvoicePayload,
        description="Write an open invoice off; money that still comes in is taken.",
    )
