-- The data set of the benchmarks: `bench.inspections` inspections of `bench.companies` companies, an equal share each.
-- Nothing in it is random. Of an inspection there are three people, three charges, two invoices with their lines, a
-- payment of each invoice, two links, a mail and four events. Its balances are what the rules make of its entries.

SET session_replication_role = replica;  -- Triggers would look at every row, and tell everybody.
SET synchronous_commit = off;

-- Keys are UUIDv7s, as the product's are: ordered in time by `number`; `kind` keeps tables apart.
CREATE FUNCTION pg_temp.key(kind int, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex(1706745600000 + number * 1000), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
            || '8' || lpad(to_hex(number), 15, '0'))::uuid
$$;
CREATE FUNCTION pg_temp.digest(token text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
    SELECT encode(sha256(convert_to(token, 'UTF8')), 'hex')
$$;
CREATE FUNCTION pg_temp.charge(number bigint, item int) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$
    SELECT (15000 + 100 * (number % 50) / item) * item
$$;

CREATE TEMP TABLE firm AS
SELECT number, pg_temp.key(1, number) AS id, pg_temp.key(2, 2 * number) AS owner_id,
       pg_temp.key(2, 2 * number + 1) AS inspector_id, 'acct_bench' || lpad(number::text, 4, '0') AS account
  FROM generate_series(1, current_setting('bench.companies')::int) number;

CREATE TEMP TABLE job AS
SELECT job.number, pg_temp.key(5, job.number) AS id, firm.number AS firm, firm.id AS company_id, firm.owner_id,
       firm.inspector_id, firm.account, 'Company ' || firm.number AS company_name,
       lpad((1 + job.number / companies)::text, 6, '0') AS label,
       (100 + job.number % 900) || ' Main St, Springfield, IL ' || lpad((60000 + job.number % 999)::text, 5, '0') AS address,
       timestamptz '2024-02-01 00:00:00+00' + make_interval(mins => (1 + (job.number - 1) % 20000)::int * 37,
                                                            secs => ((job.number - 1) / 20000)::int) AS scheduled_at,
       (ARRAY['SCHEDULED', 'SCHEDULED', 'COMPLETED', 'COMPLETED', 'CANCELED'])[1 + job.number % 5] AS status
  FROM (SELECT current_setting('bench.companies')::int AS companies) sizes
 CROSS JOIN generate_series(1, current_setting('bench.inspections')::bigint) job (number)
  JOIN firm ON firm.number = 1 + job.number % companies;

-- Party 0 is the client, with the primary invoice; party 1 the buyer's agent, with a separate one.
CREATE TEMP TABLE charge AS
SELECT job.id AS inspection_id, job.company_id, job.number, job.scheduled_at, item,
       pg_temp.charge(job.number, item) AS amount,
       (ARRAY['Home inspection', 'Radon test', 'Sewer scope'])[item] AS description,
       CASE WHEN item = 1 OR (item = 2 AND job.number % 2 = 1) THEN 0 ELSE 1 END AS party
  FROM job, generate_series(1, 3) item;

-- What was tried at paying an invoice: a card declined, a check for $50, a card or a bank debit for all of it.
CREATE TEMP TABLE bill AS
SELECT job.*, party, pg_temp.key(8, 2 * job.number + party) AS invoice_id,
       pg_temp.key(6, 3 * job.number + party) AS billed_to_id, total, attempt, settled, total - settled AS remaining,
       CASE WHEN settled = total THEN 'PAID' ELSE 'OPEN' END AS invoice_status,
       CASE WHEN settled = total THEN 'PAID' WHEN settled > 0 THEN 'PARTIALLY_PAID' ELSE 'UNPAID' END AS payment_status,
       CASE WHEN job.status = 'CANCELED' THEN 0 ELSE total - settled END AS outstanding
  FROM job
  JOIN (SELECT inspection_id, party, sum(amount)::bigint AS total FROM charge GROUP BY 1, 2) billed
    ON billed.inspection_id = job.id,
       LATERAL (SELECT (job.number + party) % 4 AS attempt) tried,
       LATERAL (SELECT CASE attempt WHEN 0 THEN 0 WHEN 1 THEN 5000 ELSE total END AS settled) paid;

ANALYZE firm, job, charge, bill;

INSERT INTO companies (id, created_at, name, currency, time_zone, stripe_status, stripe_account_id, reminder_days,
                       deferred_payments_enabled, advanced_automations_enabled, report_lock_enabled, additional_roles,
                       inspection_count)
SELECT id, '2024-01-01+00', 'Company ' || number, 'USD', 'America/Chicago', 'READY', account, '[3, 7, 14]',
       false, false, false, '["Attorney"]', (SELECT count(*) FROM job WHERE job.firm = firm.number)
  FROM firm;

INSERT INTO connected_accounts (id, created_at, account_id, company_id)
SELECT pg_temp.key(15, number), '2024-01-01+00', account, id FROM firm;

INSERT INTO users (id, created_at, company_id, name, email, password_hash, role)
SELECT key, '2024-01-01+00', id, name || ' ' || number, lower(role) || number || '@example.test', '$argon2id$none', role
  FROM firm,
       LATERAL (VALUES (owner_id, 'Olivia Owner', 'OWNER'), (inspector_id, 'Ivan Inspector', 'INSPECTOR'))
               staff (key, name, role);

INSERT INTO sign_ins (id, created_at, company_id, user_id, expires_at)
SELECT pg_temp.key(3, number), now(), id, owner_id, now() + interval '30 days' FROM firm;

INSERT INTO people (id, created_at, company_id, name, email, phone)
SELECT pg_temp.key(4, person), timestamptz '2024-01-01+00' + person * interval '1 second', company_id,
       (ARRAY['Ann', 'Bob', 'Cara', 'Dev', 'Eli', 'Fay', 'Gus', 'Hana', 'Ivo', 'Jo'])[1 + person % 10]
       || ' Person' || person, 'person' || person || '@example.test', '+1-555-' || lpad((person % 10000)::text, 4, '0')
  FROM job, generate_series(3 * number, 3 * number + 2) person;

INSERT INTO inspections (id, created_at, company_id, number, property_address, scheduled_at, status, inspector_id,
                         inspector_name, notifications_disabled, invoice_count, currency, total_minor, settled_minor,
                         in_flight_minor, remaining_minor, outstanding_minor, payment_status)
SELECT id, scheduled_at - interval '7 days', company_id, label, address, scheduled_at, status, inspector_id,
       'Ivan Inspector ' || firm, false, 2, 'USD', sums.total, sums.settled, 0, sums.remaining, sums.outstanding,
       CASE WHEN sums.remaining = 0 THEN 'PAID' WHEN sums.settled > 0 THEN 'PARTIALLY_PAID' ELSE 'UNPAID' END
  FROM job
  JOIN (SELECT id, sum(total)::bigint AS total, sum(settled)::bigint AS settled, sum(remaining)::bigint AS remaining,
               sum(outstanding)::bigint AS outstanding FROM bill GROUP BY id) sums USING (id)
 ORDER BY number;

INSERT INTO inspection_people (id, created_at, company_id, inspection_id, person_id, role, role_name, position)
SELECT pg_temp.key(6, 3 * number + place), scheduled_at - interval '7 days', company_id, id,
       pg_temp.key(4, 3 * number + place), role, role_name, place + 1
  FROM job,
       (VALUES (0, 'CLIENT', 'Client'), (1, 'BUYERS_AGENT', 'Buyer''s agent'), (2, 'LISTING_AGENT', 'Listing agent'))
       box (place, role, role_name)
 ORDER BY number, place;

INSERT INTO line_items (id, created_at, company_id, inspection_id, kind, description, currency, amount_minor, position)
SELECT pg_temp.key(7, 3 * number + item), scheduled_at - interval '7 days', company_id, inspection_id,
       CASE item WHEN 1 THEN 'SERVICE' ELSE 'ADD_ON' END, description, 'USD', amount, item
  FROM charge ORDER BY number, item;

INSERT INTO invoices (id, created_at, company_id, inspection_id, billed_to_id, number, kind, status, by_services,
                      revision, company_name, property_address, billed_to_name, currency, total_minor, credited_minor,
                      settled_minor, in_flight_minor, remaining_minor, outstanding_minor, overpaid_minor,
                      refunded_minor, payment_status, send_count, sent_at, paid_at, due_on, overdue_from, remind_at)
SELECT invoice_id, scheduled_at - interval '6 days', bill.company_id, bill.id, billed_to_id,
       label || '-' || (party + 1), (ARRAY['PRIMARY', 'SEPARATE'])[party + 1], invoice_status, true, 1, company_name,
       address, people.name, 'USD', total, 0, settled, 0, remaining, outstanding, 0, 0, payment_status, party,
       CASE party WHEN 1 THEN scheduled_at - interval '5 days' END,
       CASE invoice_status WHEN 'PAID' THEN scheduled_at + interval '3 days' END,
       CASE party WHEN 1 THEN due_on END,
       CASE WHEN party = 1 AND outstanding > 0 THEN (due_on + 1)::timestamp AT TIME ZONE 'America/Chicago' END,
       -- One in a hundred was put off to the next day; the others had their last reminder.
       CASE WHEN party = 1 AND bill.number % 100 = 0 THEN now() + interval '1 day' END
  FROM bill CROSS JOIN LATERAL (SELECT (scheduled_at AT TIME ZONE 'America/Chicago')::date + 9 AS due_on) days
  JOIN people ON people.id = pg_temp.key(4, 3 * bill.number + party)
 ORDER BY bill.number, party;

-- Triggers keep these; they sleep now.
UPDATE inspections SET client_name = invoices.billed_to_name
  FROM invoices WHERE invoices.inspection_id = inspections.id AND invoices.kind = 'PRIMARY';
UPDATE inspections SET overdue_from = invoices.overdue_from
  FROM invoices WHERE invoices.inspection_id = inspections.id AND invoices.overdue_from IS NOT NULL;
INSERT INTO inspection_words SELECT id, company_id, words_of_inspection(id) FROM inspections ORDER BY number;

INSERT INTO invoice_lines (id, created_at, company_id, invoice_id, line_item_id, description, currency, amount_minor,
                           position)
SELECT pg_temp.key(9, 3 * number + item), scheduled_at - interval '6 days', company_id,
       pg_temp.key(8, 2 * number + party), pg_temp.key(7, 3 * number + item), description, 'USD', amount, item
  FROM charge ORDER BY number, item;

INSERT INTO payments (id, created_at, company_id, inspection_id, invoice_id, payer_id, payer_name, payer_role, method,
                      state, currency, amount_minor, refunded_minor, refundable_minor, disputed_minor, reference,
                      settled_at, failure_message, card_brand, card_last4, stripe_account_id, checkout_session_id,
                      checkout_url, checkout_expires_at, stripe_payment_intent_id)
SELECT pg_temp.key(10, serial), tried_at, company_id, id, invoice_id, billed_to_id, invoices.billed_to_name,
       (ARRAY['CLIENT', 'BUYERS_AGENT'])[party + 1], (ARRAY['CARD', 'CHECK', 'CARD', 'ACH'])[attempt + 1],
       (ARRAY['FAILED', 'RECORDED', 'SUCCEEDED', 'SUCCEEDED'])[attempt + 1], 'USD',
       CASE attempt WHEN 1 THEN 5000 ELSE total END, 0, settled, 0, CASE attempt WHEN 1 THEN 'check ' || number END,
       CASE WHEN attempt > 0 THEN tried_at + interval '1 minute' END,
       CASE attempt WHEN 0 THEN 'Your card was declined.' END,
       CASE WHEN attempt IN (0, 2) THEN 'visa' END, CASE WHEN attempt IN (0, 2) THEN '4242' END,
       CASE WHEN attempt <> 1 THEN account END, CASE WHEN attempt <> 1 THEN 'cs_bench_' || serial END,
       CASE WHEN attempt <> 1 THEN 'https://checkout.stripe.com/c/pay/cs_bench_' || serial END,
       CASE WHEN attempt <> 1 THEN tried_at + interval '12 hours' END,
       CASE WHEN attempt <> 1 THEN 'pi_bench_' || serial END
  FROM (SELECT bill.*, 2 * bill.number + party AS serial,
               bill.scheduled_at + interval '3 days 04:05:06.789' AS tried_at, invoices.billed_to_name
          FROM bill JOIN invoices ON invoices.id = bill.invoice_id) invoices
 ORDER BY serial;

-- Links: a payer's to each separate invoice, which `link_token` in data_set.py knows, and a client's.
INSERT INTO grants (id, created_at, company_id, inspection_id, invoice_id, person_id, person_name, kind, issued_by,
                    token_hash, expires_at)
SELECT pg_temp.key(11, 2 * number + party), scheduled_at - interval '5 days', bill.company_id, bill.id,
       CASE party WHEN 1 THEN invoice_id END, people.id, people.name,
       (ARRAY['CLIENT_PORTAL', 'PAYMENT_PORTAL'])[party + 1], (ARRAY['INSPECTOR', 'INVOICE_EMAIL'])[party + 1],
       pg_temp.digest((ARRAY['bench-client-', 'bench-payer-'])[party + 1] || number), now() + interval '60 days'
  FROM bill JOIN people ON people.id = pg_temp.key(4, 3 * bill.number + party)
 ORDER BY number, party;

INSERT INTO emails (id, created_at, company_id, inspection_id, invoice_id, grant_id, kind, sequence, to_name,
                    to_address, subject, text, html, message_id, status, attempts, queued_at, transmitting,
                    accepted_at)
SELECT pg_temp.key(12, number), sent_at, bill.company_id, bill.id, invoice_id, pg_temp.key(11, 2 * number + 1),
       'INVOICE', 1, people.name, people.email, 'Invoice from ' || company_name, 'Text of a mail',
       '<p>Text of a mail</p>', '<bench-' || number || '@example.test>', 'ACCEPTED', 1, sent_at, false, sent_at
  FROM (SELECT bill.*, bill.scheduled_at - interval '5 days' AS sent_at FROM bill WHERE party = 1) bill
  JOIN people ON people.id = pg_temp.key(4, 3 * bill.number + 1)
 ORDER BY number;

INSERT INTO events (id, created_at, company_id, inspection_id, actor_kind, actor_id, actor_name, name, subject_id, after)
SELECT pg_temp.key(13, 4 * job.number + place), scheduled_at - interval '5 days', company_id, id, 'USER', owner_id,
       'Olivia Owner ' || firm, name, CASE place WHEN 0 THEN id ELSE pg_temp.key(8, 2 * number + 1) END, '{}'
  FROM job,
       (VALUES (0, 'inspection.created'), (1, 'invoice.added'), (2, 'invoice.sent'), (3, 'payment.moved'))
       told (place, name)
 ORDER BY number, place;

DROP TABLE bill, charge, job, firm;
SET session_replication_role = origin;
