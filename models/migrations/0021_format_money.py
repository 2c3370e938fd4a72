"""SQL writes money as people do, so that answers need no pass over them in Python; rules.money says how."""

from tortoise import migrations
from tortoise.migrations import operations as ops

FORMAT_MONEY = """
CREATE FUNCTION format_money(minor bigint, currency text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    sign text := CASE WHEN minor < 0 THEN '-' ELSE '' END;
    digits text := CASE currency
        WHEN 'JPY' THEN to_char(abs(minor), 'FM999,999,999,999,999,990')
        WHEN 'INR' THEN to_char(abs(minor) * 0.01, 'FM99,99,99,99,99,99,99,990.00')
        ELSE to_char(abs(minor) * 0.01, 'FM999,999,999,999,999,990.00')
    END;
BEGIN
    RETURN CASE currency
        WHEN 'USD' THEN sign || '$' || digits
        WHEN 'AED' THEN sign || 'AED' || digits
        WHEN 'AUD' THEN sign || '$' || digits
        WHEN 'BRL' THEN sign || 'R$' || chr(160) || translate(digits, ',.', '.,')
        WHEN 'CAD' THEN sign || '$' || digits
        WHEN 'CHF' THEN 'CHF' || CASE WHEN minor < 0 THEN '-' ELSE chr(160) END || replace(digits, ',', chr(8217))
        WHEN 'CZK' THEN sign || translate(digits, ',.', chr(160) || ',') || chr(160) || 'K\u010d'
        WHEN 'DKK' THEN sign || translate(digits, ',.', '.,') || chr(160) || 'kr.'
        WHEN 'EUR' THEN sign || '\u20ac' || digits
        WHEN 'GBP' THEN sign || '\u00a3' || digits
        WHEN 'HKD' THEN sign || 'HK$' || digits
        WHEN 'INR' THEN sign || '\u20b9' || digits
        WHEN 'JPY' THEN sign || '\u00a5' || digits
        WHEN 'MXN' THEN sign || '$' || digits
        WHEN 'MYR' THEN sign || 'RM' || digits
        WHEN 'NOK' THEN sign || translate(digits, ',.', chr(160) || ',') || chr(160) || 'kr'
        WHEN 'NZD' THEN sign || '$' || digits
        WHEN 'PLN' THEN sign || translate(digits, ',.', chr(160) || ',') || chr(160) || 'z\u0142'
        WHEN 'RON' THEN sign || translate(digits, ',.', '.,') || chr(160) || 'RON'
        WHEN 'SEK' THEN sign || translate(digits, ',.', chr(160) || ',') || chr(160) || 'kr'
        WHEN 'SGD' THEN sign || '$' || digits
        WHEN 'THB' THEN sign || '\u0e3f' || digits
        ELSE sign || currency || ' ' || digits
    END;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0020_due_rows")]

    initial = False

    operations = [
        ops.RunSQL(FORMAT_MONEY, reverse_sql="DROP FUNCTION format_money(bigint, text)"),
    ]
