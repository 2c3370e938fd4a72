"""What is still owed: the one place that says what of it is outstanding, what is unsent and what is written off."""

RECEIVABLES = """
    SELECT invoice.id, invoice.created_at AS moment, invoice.billed_to_id, invoice.inspection_id,
           invoice.outstanding_minor AS outstanding,
           CASE WHEN invoice.status = 'DRAFT' THEN invoice.remaining_minor ELSE 0 END AS unsent,
           CASE WHEN invoice.status = 'UNCOLLECTIBLE' THEN invoice.remaining_minor ELSE 0 END AS written_off
      FROM invoices invoice JOIN inspections inspection ON inspection.id = invoice.inspection_id
     WHERE invoice.company_id = $1 AND invoice.created_at >= $2 AND invoice.created_at < $3
       AND invoice.remaining_minor > 0 AND inspection.status <> 'CANCELED'
"""
"""Company $1's invoices, made from $2 up to and without $3, on which something remains; amounts in minor units.

Outstanding is what somebody can still be asked for (S53): the client's and open invoices. Drafts are unsent. Void
invoices, and all those of canceled inspections, are not there at all.
"""

RECEIVABLES_AFTER = (
    RECEIVABLES + " AND (invoice.created_at, invoice.id) > ($2, $4) ORDER BY invoice.created_at, invoice.id LIMIT $5"
)
"""As RECEIVABLES, the first $5 of them behind the moment $2 and the id $4, in that order."""
