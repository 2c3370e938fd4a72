-- What a payer's link opens: invoice $1 of company $2.
SELECT json_build_object('data', json_build_object('viewer', json_build_object('invoice', (
    SELECT json_build_object(
        'number', invoice.number,
        'status', invoice.status,
        'createdAt', handwritten.instant(invoice.created_at),
        'sentAt', handwritten.instant(invoice.sent_at),
        'total', json_build_object('amount', handwritten.decimal(invoice.total_minor)),
        'settled', json_build_object('amount', handwritten.decimal(invoice.settled_minor)),
        'companyName', invoice.company_name,
        'propertyAddress', invoice.property_address,
        'billedToName', invoice.billed_to_name,
        'lines', (
            SELECT coalesce(json_agg(json_build_object(
                       'description', line.description,
                       'amount', json_build_object(
                           'amount', handwritten.decimal(line.amount_minor),
                           'formatted', handwritten.dollars(line.amount_minor))
                   ) ORDER BY line.position, line.id), '[]')
              FROM invoice_lines line
             WHERE line.invoice_id = invoice.id),
        'payments', (
            SELECT coalesce(json_agg(json_build_object(
                       'amount', json_build_object('amount', handwritten.decimal(payment.amount_minor)),
                       'method', payment.method,
                       'status', payment.state,
                       'settledAt', handwritten.instant(payment.settled_at)
                   ) ORDER BY payment.id), '[]')
              FROM payments payment
             WHERE payment.invoice_id = invoice.id))
      FROM invoices invoice
     WHERE invoice.id = $1 AND invoice.company_id = $2))))::text
