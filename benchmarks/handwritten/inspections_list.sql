-- The latest fifty inspections of company $1, with who pays and what is open.
SELECT json_build_object('data', json_build_object('inspections', json_build_object('nodes', (
    SELECT coalesce(json_agg(json_build_object(
               'id', handwritten.global_id('Inspection', inspection.id),
               'number', inspection.number,
               'status', inspection.status,
               'scheduledAt', handwritten.instant(inspection.scheduled_at),
               'propertyAddress', inspection.property_address,
               'paymentStatus', inspection.payment_status,
               'remaining', json_build_object('amount', handwritten.decimal(inspection.remaining_minor)),
               'primaryInvoice', (
                   SELECT json_build_object('billedTo', json_build_object(
                              'role', entry.role,
                              'person', json_build_object(
                                  'id', handwritten.global_id('Person', person.id), 'name', person.name)))
                     FROM invoices invoice
                     JOIN inspection_people entry ON entry.id = invoice.billed_to_id
                     JOIN people person ON person.id = entry.person_id
                    WHERE invoice.inspection_id = inspection.id AND invoice.kind = 'PRIMARY'),
               'invoices', coalesce(billed.invoices, '[]')
           ) ORDER BY inspection.scheduled_at DESC, inspection.id DESC), '[]')
      FROM (SELECT * FROM inspections WHERE company_id = $1 ORDER BY scheduled_at DESC, id DESC LIMIT 50) inspection
      LEFT JOIN LATERAL (
            SELECT json_agg(json_build_object(
                       'id', handwritten.global_id('Invoice', invoice.id),
                       'status', invoice.status,
                       'total', json_build_object('amount', handwritten.decimal(invoice.total_minor))
                   ) ORDER BY invoice.id) AS invoices
              FROM invoices invoice
             WHERE invoice.inspection_id = inspection.id) billed ON true))))::text
