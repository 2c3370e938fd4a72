"""What a whole company was paid, gave back and is still owed."""

from datetime import datetime
from typing import Annotated

import strawberry

import resolvers.reporting as resolve
from graphql_server.access import allow
from operations.ledger.payment_reports import PaymentReportGroup
from resolvers.money import money
from rules.limits import PERIOD_DAYS_MAX, SIGNED_ADDRESS_LIFE, minutes
from schema.base_types import INSPECTOR, Money
from schema.enums import describe

describe(
    PaymentReportGroup,
    "What the rows of a payment report have in common.",
    DAY="A day in the company's time zone, such as 2026-11-22.",
    MONTH="A month in the company's time zone, such as 2026-11.",
    PAYER_ROLE="The payer's role: CLIENT, BUYERS_AGENT, LISTING_AGENT, or the name of an additional role.",
    METHOD="The means of payment; what remains counts as UNPAID.",
    STATUS="The payment's status; what remains is of UNPAID.",
    INSPECTOR="The inspection's inspector, by the id of the User.",
)


@strawberry.type(
    description="One group of a payment report. Money is dated by when it moved, so a past period changes no more, but"
    " for manual payments that are removed and refunds that fail later. The sums over all rows are the same for every"
    " groupBy; over all time, paid less refunded is what all invoices have settled."
)
class PaymentReportRow:
    key: str = allow(INSPECTOR, description="The value that the group has in common, for programs.")
    label: str = allow(INSPECTOR, description="The same for people: a role's or an inspector's name; else the key.")
    count: int = allow(INSPECTOR, description="The number of payments that succeeded in the period.")
    paid: Money = allow(
        INSPECTOR,
        shows=money("{row.paid}"),
        description="The amounts of the payments that settled in the period, manual ones included, whatever became of"
        " them later; without manual ones that were removed.",
    )
    refunded: Money = allow(
        INSPECTOR,
        shows=money("{row.refunded}"),
        description="What went back in the period, whenever it was paid: refunds that succeeded, lost disputes, and"
        " bank payments that were returned. It counts for the payment's group; for DAY and MONTH, for when it went.",
    )
    outstanding: Money = allow(
        INSPECTOR,
        shows=money("{row.outstanding}"),
        description="What somebody can still be asked for now on the invoices that were made in the period: the"
        " clients' and the open ones, less what is under way. It counts for the role that is billed, the inspection's"
        " inspector, and for when the invoice was made. Nothing of canceled inspections.",
    )
    unsent: Money = allow(
        INSPECTOR,
        shows=money("{row.unsent}"),
        description="The sum of drafts that were made in the period; it counts as outstanding does.",
    )
    written_off: Money = allow(
        INSPECTOR,
        shows=money("{row.written_off}"),
        description="The rest of written-off invoices that were made in the period; it counts as outstanding does.",
    )


From = Annotated[datetime, strawberry.argument(name="from", description="From this moment on.")]
To = Annotated[
    datetime,
    strawberry.argument(name="to", description=f"Up to and without this moment; at most {PERIOD_DAYS_MAX} days later."),
]
GroupBy = Annotated[
    PaymentReportGroup, strawberry.argument(description="The property by which payments are summed up into rows.")
]


@strawberry.type(description="Reading what concerns the whole company.")
class Reporting:
    @allow(
        INSPECTOR,
        shows=resolve.PAYMENT_REPORT,
        graphql_type=list[PaymentReportRow],
        description="What was paid, given back and is still owed over a period, in the order of the groups.",
    )
    def payment_report(self, from_: From, to: To, group_by: GroupBy) -> None: ...

    @allow(
        INSPECTOR,
        shows=resolve.PAYMENT_EXPORT_URL,
        graphql_type=str,
        description="The payments, refunds, lost disputes and returns of a period as a CSV file, one line each, whose"
        f" sums are those of paymentReport: a signed address, valid for {minutes(SIGNED_ADDRESS_LIFE)}.",
    )
    def payment_export_url(self, from_: From, to: To) -> None: ...

    @allow(
        INSPECTOR,
        shows=resolve.RECEIVABLES_EXPORT_URL,
        graphql_type=str,
        description="The invoices of a period on which something remains as a CSV file, one line each: what is"
        " outstanding, unsent and written off, whose sums are those of paymentReport. A signed address, valid for"
        f" {minutes(SIGNED_ADDRESS_LIFE)}.",
    )
    def receivables_export_url(self, from_: From, to: To) -> None: ...

    outstanding: Money = allow(
        INSPECTOR,
        shows=resolve.OUTSTANDING,
        description="What somebody can still be asked for on all the company's invoices together; nothing of drafts, of"
        " what was written off, and of canceled inspections.",
    )
