"""Placeholders in what automations say, such as {{property_address}}: which there are, and filling them in."""

import re
from collections.abc import Collection, Mapping

from rules.errors import Refusal

ALWAYS = (
    "property_address",
    "company_name",
    "recipient_name",
    "inspection_number",
    "inspection_date",
    "inspector_name",
)
"""What is known whatever an automation waits for."""

AMOUNT = "amount"
"""What was charged or paid; known where money is what an automation waits for."""

# Nothing in it can match in two ways, so that it takes one look at a text, whatever is written there.
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")


def spell(name: str) -> str:
    """The placeholder as it is typed."""
    return f"{{{{{name}}}}}"


def check_placeholders(text: str, known: Collection[str], *, field: str) -> str:
    """The text, if every placeholder in it is `known`. Raises Refusal naming the first that is not."""
    choice = ", ".join(map(spell, known))
    for found in _PLACEHOLDER.finditer(text):
        if found[1].strip() not in known:
            raise Refusal(f"{field} has {found[0][:80]}, which is not known here; use {choice}.", field=(field,))
    if "{{" in _PLACEHOLDER.sub("", text):
        raise Refusal(f"{field} has {{{{ without }}}}; placeholders look like {{{{company_name}}}}.", field=(field,))
    return text


def fill_placeholders(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in, once: what a value contains is never taken for a placeholder."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), ""), text)
