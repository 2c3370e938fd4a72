"""Lists are found by words, and ordered and filtered by indexes: each begins with the company, as every list does.

The words of an inspection are those of its number, its address, and the names and email addresses of everybody involved.
They are kept by triggers beside it, in a table of their own: a list reads its rows without them, and somebody who is
renamed writes to nobody's job. The record on search in docs/decisions says how they are looked up.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

WORDS = [
    # Without accents and in lower case, by rules that no locale of a server changes. Bodies are bound when they are
    # made (BEGIN ATOMIC): indexes are maintained without a search path.
    r"""
    CREATE FUNCTION search_words(texts text) RETURNS SETOF text IMMUTABLE PARALLEL SAFE LANGUAGE sql BEGIN ATOMIC
        SELECT DISTINCT word
          FROM (SELECT lower(regexp_replace(normalize(texts, NFKD), '[\u0300-\u036f]', '', 'g') COLLATE "pg_c_utf8")
                       COLLATE "pg_c_utf8" AS folded) text
         CROSS JOIN LATERAL (
               SELECT regexp_split_to_table(folded, '[^[:alnum:]]+')
                UNION ALL
               SELECT token FROM regexp_split_to_table(folded, '[[:space:],;<>()]+') token WHERE token LIKE '%@%'
               ) split (word)
         WHERE word <> '';
    END
    """,
    # The first letters of a key that differs from company to company: a prefix then leads to its own words alone. Two
    # companies with the same letters see nothing of each other: the company itself is compared besides.
    """
    CREATE FUNCTION search_key(company uuid) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
        RETURN left(md5(company::text), 8)
    """,
    """
    CREATE FUNCTION search_vector(company uuid, texts text) RETURNS tsvector IMMUTABLE PARALLEL SAFE LANGUAGE sql
        RETURN array_to_tsvector(ARRAY(SELECT search_key(company) || word FROM search_words(texts) word))
    """,
    # Each word as the beginning of one. An address that is being typed is one word; what else has an "@" is not.
    r"""
    CREATE FUNCTION search_terms(company uuid, sought text) RETURNS SETOF tsquery IMMUTABLE PARALLEL SAFE LANGUAGE sql
    BEGIN ATOMIC
        SELECT ('''' || replace(replace(search_key(company) || word, '\', '\\'), '''', '''''') || ''':*')::tsquery
          FROM search_words(sought) word
         WHERE word LIKE '%@%' OR NOT EXISTS (
               SELECT FROM search_words(sought) address WHERE address LIKE '%@%' AND position(word IN address) > 0)
         ORDER BY length(word) DESC, word
         LIMIT 8;
    END
    """,
    """
    CREATE FUNCTION search_query(company uuid, sought text) RETURNS tsquery IMMUTABLE PARALLEL SAFE LANGUAGE sql
        RETURN (SELECT string_agg(term::text, ' & ')::tsquery FROM search_terms(company, sought) term)
    """,
]

PLAN = [
    # How many rows the planner expects. Volatile, because PostgreSQL lets no other function ask it.
    """
    CREATE FUNCTION expected_rows(rows text, condition text) RETURNS bigint VOLATILE LANGUAGE plpgsql AS $$
    DECLARE
        plan json;
    BEGIN
        EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM %I WHERE %s', rows, condition) INTO plan;
        RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
    END $$
    """,
    # How to look words up among a company's inspections ('inspection_words') or people ('people'): `seek` is the rarest
    # of them, for the index; where even all of them together are `common`, whoever wants a page of them finds it sooner
    # by looking at one row after the other.
    """
    CREATE FUNCTION search_plan(company uuid, sought text, rows text DEFAULT 'inspection_words',
                                OUT terms tsquery, OUT seek tsquery, OUT common boolean)
    VOLATILE LANGUAGE plpgsql AS $$
    DECLARE
        term tsquery;
        expected bigint;
        least bigint;
    BEGIN
        FOR term IN SELECT search_terms(company, sought) LOOP
            expected := expected_rows(rows, format('words @@ %L::tsquery', term));
            IF least IS NULL OR expected < least THEN
                least := expected;
                seek := term;
            END IF;
            terms := COALESCE(terms && term, term);
        END LOOP;
        IF terms IS NULL THEN
            common := false;
            RETURN;
        END IF;
        -- The planner underrates beginnings that many rare words have: so see whether the latest rows have them, too.
        IF rows = 'people' THEN
            SELECT count(*) >= 5 INTO common
              FROM (SELECT words FROM people WHERE company_id = company ORDER BY created_at DESC, id DESC LIMIT 100) latest
             WHERE ts_match_vq(words, terms);
        ELSE
            SELECT count(*) >= 5 INTO common
              FROM (SELECT id FROM inspections WHERE company_id = company
                     ORDER BY scheduled_at DESC, id DESC LIMIT 100) latest
              JOIN inspection_words ON inspection_id = latest.id
             WHERE ts_match_vq(words, terms);
        END IF;
        IF NOT common THEN
            -- Seeking reads `least` rows. A page of 50, one row after the other, reads 50 times the company's, divided
            -- by those that are found.
            common := least > 50 * expected_rows(rows, format('company_id = %L', company))
                           / GREATEST(1, expected_rows(rows, format('words @@ %L::tsquery', terms)));
        END IF;
    END $$
    """,
]

TABLE = [
    """
    CREATE TABLE inspection_words (
        inspection_id uuid PRIMARY KEY REFERENCES inspections (id) ON DELETE CASCADE,
        company_id uuid NOT NULL,
        words tsvector NOT NULL
    )
    """,
    """
    CREATE FUNCTION words_of_inspection(subject uuid) RETURNS tsvector STABLE LANGUAGE sql BEGIN ATOMIC
        SELECT search_vector(inspection.company_id, concat_ws(' ', inspection.number, inspection.property_address, (
                 SELECT string_agg(concat_ws(' ', person.name, person.email), ' ')
                   FROM inspection_people entry
                   JOIN people person ON person.id = entry.person_id AND person.company_id = entry.company_id
                  WHERE entry.inspection_id = inspection.id AND entry.company_id = inspection.company_id
                    AND (entry.removed_at IS NULL OR EXISTS (
                         SELECT FROM invoices invoice
                          WHERE invoice.billed_to_id = entry.id AND invoice.company_id = entry.company_id)))))
          FROM inspections inspection WHERE inspection.id = subject;
    END
    """,
    "INSERT INTO inspection_words SELECT id, company_id, words_of_inspection(id) FROM inspections",
    "CREATE INDEX inspection_words_found ON inspection_words USING gin (words)",
    """
    ALTER TABLE people ADD words tsvector NOT NULL
      GENERATED ALWAYS AS (search_vector(company_id, name || ' ' || COALESCE(email, ''))) STORED
    """,
    "CREATE INDEX people_found ON people USING gin (words)",
]
"""Somebody who was taken out of the box is still found while an invoice bills them."""

TRIGGERS = [
    # First the lock, then the words: whoever waited for another transaction sees what that wrote.
    """
    CREATE FUNCTION write_words_of(subject uuid) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM inspection_words WHERE inspection_id = subject FOR UPDATE;
        UPDATE inspection_words SET words = words_of_inspection(subject)
         WHERE inspection_id = subject AND words <> words_of_inspection(subject);
    END $$
    """,
    """
    CREATE FUNCTION write_inspection_words() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO inspection_words VALUES (NEW.id, NEW.company_id, words_of_inspection(NEW.id));
        ELSE
            PERFORM write_words_of(NEW.id);
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION write_words_of_box() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM write_words_of(NEW.inspection_id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION write_words_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        involved uuid;
    BEGIN
        FOR involved IN
            SELECT DISTINCT inspection_id FROM inspection_people
             WHERE person_id = NEW.id AND company_id = NEW.company_id ORDER BY inspection_id
        LOOP
            PERFORM write_words_of(involved);
        END LOOP;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER inspections_words_written AFTER INSERT ON inspections
        FOR EACH ROW EXECUTE FUNCTION write_inspection_words()
    """,
    """
    CREATE TRIGGER inspections_words_changed AFTER UPDATE OF number, property_address ON inspections
        FOR EACH ROW WHEN ((OLD.number, OLD.property_address) IS DISTINCT FROM (NEW.number, NEW.property_address))
        EXECUTE FUNCTION write_inspection_words()
    """,
    """
    CREATE TRIGGER inspection_people_words AFTER INSERT OR UPDATE OF removed_at, person_id ON inspection_people
        FOR EACH ROW EXECUTE FUNCTION write_words_of_box()
    """,
    """
    CREATE TRIGGER people_words AFTER UPDATE OF name, email ON people
        FOR EACH ROW WHEN ((OLD.name, OLD.email) IS DISTINCT FROM (NEW.name, NEW.email))
        EXECUTE FUNCTION write_words_of_person()
    """,
]

CLIENT_NAMES = [
    """
    CREATE FUNCTION write_client_name() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE inspections SET client_name = NEW.billed_to_name
         WHERE id = NEW.inspection_id AND company_id = NEW.company_id AND client_name <> NEW.billed_to_name;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER invoices_client_name AFTER INSERT OR UPDATE OF billed_to_name ON invoices
        FOR EACH ROW WHEN (NEW.kind = 'PRIMARY') EXECUTE FUNCTION write_client_name()
    """,
    """
    UPDATE inspections SET client_name = invoice.billed_to_name
      FROM invoices invoice WHERE invoice.inspection_id = inspections.id AND invoice.kind = 'PRIMARY'
    """,
]
"""A list of jobs is ordered by their clients' names: by whom PRIMARY bills."""

INDEXES = {
    "inspections_total": "inspections (company_id, total_minor, id)",
    "inspections_client": "inspections (company_id, client_name, id)",
    "inspections_status": "inspections (company_id, status, scheduled_at, id)",
    "inspections_payment_status": "inspections (company_id, payment_status, scheduled_at, id)",
    "inspections_inspector": "inspections (company_id, inspector_id, scheduled_at, id)",
    "inspection_people_person": "inspection_people (company_id, person_id, inspection_id)",
    "invoices_newest": "invoices (company_id, id)",
    "invoices_total": "invoices (company_id, total_minor, id)",
    "invoices_billed_to": "invoices (company_id, billed_to_name, id)",
    "invoices_payment_status": "invoices (company_id, payment_status, id)",
    "payments_amount": "payments (company_id, amount_minor, id)",
    "payments_payer_name": "payments (company_id, payer_name, id)",
    "payments_payer": "payments (company_id, payer_id, id)",
    "payments_state": "payments (company_id, state, created_at, id)",
    "payments_method": "payments (company_id, method, created_at, id)",
    "payments_payer_role": "payments (company_id, payer_role, created_at, id)",
    "people_newest": "people (company_id, created_at, id)",
}

FORWARD = [
    *WORDS,
    *TABLE,
    *PLAN,
    *TRIGGERS,
    *CLIENT_NAMES,
    *(f"CREATE INDEX {name} ON {columns}" for name, columns in INDEXES.items()),
    "DROP INDEX people_search",
    "SET CONSTRAINTS ALL IMMEDIATE",
]

REVERSE = [
    "CREATE INDEX people_search ON people (company_id, lower(name) text_pattern_ops)",
    f"DROP INDEX {', '.join(INDEXES)}",
    "DROP TRIGGER invoices_client_name ON invoices",
    "DROP TRIGGER people_words ON people",
    "DROP TRIGGER inspection_people_words ON inspection_people",
    "DROP TRIGGER inspections_words_changed ON inspections",
    "DROP TRIGGER inspections_words_written ON inspections",
    "DROP FUNCTION write_client_name(), write_words_of_person(), write_words_of_box(), write_inspection_words()",
    "DROP FUNCTION write_words_of(uuid)",
    "DROP FUNCTION search_plan(uuid, text, text), expected_rows(text, text)",
    "ALTER TABLE people DROP words",
    "DROP TABLE inspection_words",
    "DROP FUNCTION words_of_inspection(uuid)",
    "DROP FUNCTION search_query(uuid, text)",
    "DROP FUNCTION search_terms(uuid, text), search_vector(uuid, text), search_key(uuid), search_words(text)",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0018_second_factors")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Inspection",
            name="client_name",
            field=fields.CharField(
                default="", db_default="", description="Whom PRIMARY bills, kept by a trigger.", max_length=200
            ),
        ),
        ops.RunSQL(FORWARD, REVERSE),
    ]
