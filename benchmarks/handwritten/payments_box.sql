-- The payments box of inspection $1 of company $2.
SELECT json_build_object('data', json_build_object('inspection', (
    SELECT json_build_object(
        'id', handwritten.global_id('Inspection', inspection.id),
        'number', inspection.number,
        'status', inspection.status,
        'scheduledAt', handwritten.instant(inspection.scheduled_at),
        'propertyAddress', inspection.property_address,
        'inspectorName', inspection.inspector_name,
        'paymentStatus', inspection.payment_status,
        'total', json_build_object('amount', handwritten.decimal(inspection.total_minor)),
        'remaining', json_build_object('amount', handwritten.decimal(inspection.remaining_minor)),
        'people', (
            SELECT coalesce(json_agg(json_build_object(
                       'role', entry.role,
                       'roleName', entry.role_name,
                       'person', json_build_object(
                           'id', handwritten.global_id('Person', person.id),
                           'name', person.name,
                           'email', person.email,
                           'phone', person.phone)
                   ) ORDER BY entry.position, entry.id), '[]')
              FROM inspection_people entry JOIN people person ON person.id = entry.person_id
             WHERE entry.inspection_id = inspection.id AND entry.removed_at IS NULL),
        'lineItems', (
            SELECT coalesce(json_agg(json_build_object(
                       'id', handwritten.global_id('LineItem', item.id),
                       'kind', item.kind,
                       'description', item.description,
                       'amount', json_build_object(
                           'amount', handwritten.decimal(item.amount_minor),
                           'currency', item.currency,
                           'formatted', handwritten.dollars(item.amount_minor))
                   ) ORDER BY item.position, item.id), '[]')
              FROM line_items item
             WHERE item.inspection_id = inspection.id AND item.removed_at IS NULL),
        'invoices', (
            SELECT coalesce(json_agg(json_build_object(
                       'id', handwritten.global_id('Invoice', invoice.id),
                       'number', invoice.number,
                       'status', invoice.status,
                       'createdAt', handwritten.instant(invoice.created_at),
                       'sentAt', handwritten.instant(invoice.sent_at),
                       'total', json_build_object('amount', handwritten.decimal(invoice.total_minor)),
                       'settled', json_build_object('amount', handwritten.decimal(invoice.settled_minor)),
                       'billedTo', (
                           SELECT json_build_object(
                                      'role', entry.role,
                                      'person', json_build_object(
                                          'id', handwritten.global_id('Person', person.id),
                                          'name', person.name,
                                          'email', person.email))
                             FROM inspection_people entry JOIN people person ON person.id = entry.person_id
                            WHERE entry.id = invoice.billed_to_id),
                       'lines', (
                           SELECT coalesce(json_agg(json_build_object(
                                      'id', handwritten.global_id('InvoiceLine', line.id),
                                      'description', line.description,
                                      'amount', json_build_object(
                                          'amount', handwritten.decimal(line.amount_minor),
                                          'formatted', handwritten.dollars(line.amount_minor))
                                  ) ORDER BY line.position, line.id), '[]')
                             FROM invoice_lines line
                            WHERE line.invoice_id = invoice.id),
                       'payments', (
                           SELECT coalesce(json_agg(json_build_object(
                                      'id', handwritten.global_id('Payment', payment.id),
                                      'amount', json_build_object(
                                          'amount', handwritten.decimal(payment.amount_minor)),
                                      'method', payment.method,
                                      'status', payment.state,
                                      'reference', payment.reference,
                                      'settledAt', handwritten.instant(payment.settled_at)
                                  ) ORDER BY payment.id), '[]')
                             FROM payments payment
                            WHERE payment.invoice_id = invoice.id)
                   ) ORDER BY invoice.id), '[]')
              FROM invoices invoice
             WHERE invoice.inspection_id = inspection.id))
      FROM inspections inspection
     WHERE inspection.id = $1 AND inspection.company_id = $2)))::text
