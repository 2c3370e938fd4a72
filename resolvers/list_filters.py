"""Conditions that narrow lists, as SQL: what each argument of a filter leaves."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from graphql_server.reads import Arguments, Narrowing, Value, compare
from rules.errors import Refusal
from rules.identifiers import id_of

SOUGHT_LENGTH_MAX = 254
"""The longest email address; names are shorter, and of a longer postal address this is enough."""

EVERYTHING: Final = Narrowing()

_INVOICE_NUMBER: Final = re.compile(r"\d{1,20}-\d{1,6}")

_SEEK: Final = """{row.id} = any(array(
    select found.inspection_id from search_plan(caller.company_id, {given.sought}) plan, inspection_words found
     where not plan.common and found.company_id = caller.company_id
       and found.words @@ plan.seek and ts_match_vq(found.words, plan.terms)))"""
"""The rarest word by the index, and the others by looking: of a common one, the index would list every row."""

_LOOK: Final = """
    (select plan.common from search_plan(caller.company_id, {given.sought}) plan)
    and exists (
        select from inspection_words found
         where found.company_id = caller.company_id and found.inspection_id = {row.id}
           and ts_match_vq(found.words, (
                   select plan.terms from search_plan(caller.company_id, {given.sought}) plan)) offset 0)"""

_SEEK_PEOPLE: Final = """{row.id} = any(array(
    select found.id from search_plan(caller.company_id, {given.sought}, 'people') plan, people found
     where not plan.common and found.company_id = caller.company_id
       and found.words @@ plan.seek and ts_match_vq(found.words, plan.terms)))"""

_LOOK_AT_PEOPLE: Final = """
    (select plan.common from search_plan(caller.company_id, {given.sought}, 'people') plan)
    and ts_match_vq({row.words}, (
            select plan.terms from search_plan(caller.company_id, {given.sought}, 'people') plan))"""

ENTRIES_OF_PERSON: Final = """
    select entry.id from inspection_people entry
     where entry.company_id = caller.company_id and entry.person_id = {given.person}
"""


def outstanding(wanted: bool | None) -> Narrowing:
    """With, or without, something that somebody can still be asked for (S53); all for None."""
    if wanted is None:
        return EVERYTHING
    return Narrowing("{row.outstanding_minor} > 0" if wanted else "{row.outstanding_minor} = 0")


def overdue(wanted: bool | None) -> Narrowing:
    """Overdue now, or not (S57); all for None."""
    if wanted is None:
        return EVERYTHING
    is_overdue = "{row.overdue_from} <= caller.now"
    return Narrowing(is_overdue if wanted else f"({is_overdue}) is not true")


def between(column: str, start: datetime | None, end: datetime | None) -> Narrowing:
    """From `start`, up to and without `end`."""
    found = EVERYTHING
    if start is not None:
        found &= compare(column, ">=", start, "timestamptz", name=f"{column}_from")
    if end is not None:
        found &= compare(column, "<", end, "timestamptz", name=f"{column}_to")
    return found


def due_between(wanted: Arguments) -> Narrowing:
    """Due on one of the days from dueFrom to dueTo, both included."""
    found = EVERYTHING
    for name, operator in (("dueFrom", ">="), ("dueTo", "<=")):
        day = wanted[name]
        if day is not None:
            assert isinstance(day, date), f"the schema declares {name} as Date"
            found &= compare("due_on", operator, day, "date", name=name)
    return found


def related(table: str, key: str, column: str, wanted: str | None) -> Narrowing:
    """Rows whose `key` leads to a row of the table with that value."""
    if wanted is None:
        return EVERYTHING
    row = f"{table} other where other.company_id = {{row.company_id}} and other.id = {{row.{key}}}"
    return Narrowing(f"exists (select from {row} and other.{column} = {{given.{key}}})", {key: Value(wanted, "text")})


def by_inspector(user_id: str | None) -> Narrowing:
    """Of this inspector. Raises Refusal for an id of anything else."""
    if user_id is None:
        return EVERYTHING
    return compare("inspector_id", "=", id_of(user_id, "User"), "uuid")


def with_person(person_id: str | None) -> Narrowing:
    """Inspections with this Person in the People box, or billed for them."""
    entry = """{row.id} in (
    select entry.inspection_id from inspection_people entry
     where entry.company_id = caller.company_id and entry.person_id = {given.person}
       and (entry.removed_at is null or exists (
            select from invoices invoice
             where invoice.company_id = entry.company_id and invoice.billed_to_id = entry.id)))"""
    return _of_person(entry, person_id)


def of_person(key: str, person_id: str | None) -> Narrowing:
    """Rows whose `key` is an entry of a People box that is this Person's."""
    return _of_person(f"{{row.{key}}} in ({ENTRIES_OF_PERSON})", person_id)


def _of_person(condition: str, person_id: str | None) -> Narrowing:
    if person_id is None:
        return EVERYTHING
    return Narrowing(condition, {"person": Value(id_of(person_id, "Person"), "uuid")})


def paid_by(name: str | None) -> Narrowing:
    """Payments by people whose name or address has these words."""
    if not name:
        return EVERYTHING
    entries = """
    select entry.id from inspection_people entry join people found on found.id = entry.person_id
     where entry.company_id = caller.company_id and found.company_id = caller.company_id
       and found.words @@ search_query(caller.company_id, {given.payer})"""
    return Narrowing(f"{{row.payer_id}} in ({entries})", {"payer": Value(checked(name, "filter", "payerName"), "text")})


def found_people(text: str | None) -> Narrowing:
    """People with these words in their name or address."""
    if not text:
        return EVERYTHING
    return _searched(_SEEK_PEOPLE, _LOOK_AT_PEOPLE, checked(text, "search"))


def found_inspections(key: str, text: str | None, *, numbered: str = "") -> Narrowing:
    """Rows whose `key` is an inspection with these words; `numbered` are those of the invoice of that whole number."""
    if not text:
        return EVERYTHING
    sought = checked(text, "filter", "search").strip()
    if numbered and _INVOICE_NUMBER.fullmatch(sought):
        return Narrowing(numbered, {"number": Value(sought, "text")})
    row = f"{{row.{key}}}"
    return _searched(_SEEK.replace("{row.id}", row), _LOOK.replace("{row.id}", row), sought)


def _searched(seek: str, look: str, sought: str) -> Narrowing:
    """Two ways to the same rows, of which `search_plan` opens one: by the index of words, or by looking at each row."""
    return Narrowing(values={"sought": Value(sought, "text")}, either=(seek, look))


def checked(text: str, *field: str) -> str:
    """The text that a list is searched for. Raises Refusal for one that is longer than what anybody looks for."""
    if len(text) > SOUGHT_LENGTH_MAX:
        raise Refusal(f"{field[-1]} must have at most {SOUGHT_LENGTH_MAX} characters.", field=field)
    return text


def one_of(found: Narrowing, wanted: Mapping[str, Iterable[str] | None], *, apart: bool) -> Narrowing:
    """Of what was `found`, the rows whose columns have one of the values; all for None, and no row for no values.

    With `apart` each value of the first of them is read by itself, where the list has the order of an index that begins
    with that column: a value that few rows have is then found at once.
    """
    for column, values in wanted.items():
        if values is None:
            continue
        each = list(dict.fromkeys(values))
        if apart and each and not found.either:
            named = {f"{column}_{number}": Value(value, "text") for number, value in enumerate(each)}
            found &= Narrowing(values=named, either=tuple(f"{{row.{column}}} = {{given.{name}}}" for name in named))
        else:
            condition = f"{{row.{column}}} = any({{given.{column}_in}})"
            found &= Narrowing(condition, {f"{column}_in": Value(each, "text[]")})
    return found
