-- Shorthand of the hand-written statements; PostgreSQL puts what they say in their place when it plans.

CREATE SCHEMA handwritten;

CREATE FUNCTION handwritten.global_id(type_name text, key uuid) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT translate(encode(convert_to(type_name || ':' || key::text, 'UTF8'), 'base64'), '+/', '-_')
$$;
CREATE FUNCTION handwritten.decimal(minor bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT to_char(minor / 100.0, 'FM999999990.00')
$$;
CREATE FUNCTION handwritten.dollars(minor bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT to_char(minor / 100.0, 'FM$999,999,990.00')
$$;
CREATE FUNCTION handwritten.instant(at timestamptz) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT replace(to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')  -- Connections are in UTC.
$$;
