"""Whoever calls the API over HTTP with nothing but a token, as a frontend does; any surprise ends the story."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

LOOK_SECONDS = 0.25
REQUEST_SECONDS_MAX = 30.0

Seen = TypeVar("Seen")


class Surprise(Exception):
    """Something differs from what the story tells; the sentence says what."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One person at one API, with a token or without."""

    who: str
    api_url: str
    token: str | None = None

    def read(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must succeed."""
        answer = self._send(query, variables)
        if "errors" in answer:
            raise Surprise(f"{self.who} should have been answered, but was told: {answer['errors'][0]['message']}")
        return answer["data"]

    def mutate(self, name: str, selection: str = "", /, **given: Any) -> Any:
        """The payload of a mutation that must succeed."""
        payload = self._mutate(name, selection, given)
        if payload["userErrors"]:
            raise Surprise(f"{self.who}'s {name} was refused: {payload['userErrors'][0]['message']}")
        return payload

    def is_refused(self, name: str, selection: str = "", /, **given: Any) -> str:
        """The code with which a mutation is refused, as it must be."""
        payload = self._mutate(name, selection, given)
        if not payload["userErrors"]:
            raise Surprise(f"{self.who}'s {name} should have been refused, but it was done.")
        return str(payload["userErrors"][0]["code"])

    def is_kept_out(self, query: str, **variables: Any) -> set[str]:
        """The codes with which an operation is refused, as it must be, without a word of data."""
        answer = self._send(query, variables)
        extras = [value for value in (answer.get("data") or {}).values() if value is not None]
        if extras or "errors" not in answer:
            raise Surprise(f"{self.who} should have been refused, but was told: {answer.get('data')}")
        return {str(error["extensions"]["code"]) for error in answer["errors"]}

    def _mutate(self, name: str, selection: str, given: dict[str, Any]) -> Any:
        kind = f"{name[0].upper()}{name[1:]}Input"
        errors = "userErrors { code message }"
        return self.read(
            f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} {errors} }} }}", input=given
        )[name]

    def _send(self, query: str, variables: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return post(f"{self.api_url}/graphql", json={"query": query, "variables": variables}, headers=headers).json()


def post(url: str, **options: Any) -> httpx.Response:
    """A POST that goes nowhere but to this machine."""
    return httpx.post(url, timeout=REQUEST_SECONDS_MAX, trust_env=False, **options)


def get(url: str, **options: Any) -> httpx.Response:
    """A GET that goes nowhere but to this machine; any failure is a surprise."""
    response = httpx.get(url, timeout=REQUEST_SECONDS_MAX, trust_env=False, **options)
    if response.is_error:
        raise Surprise(f"{url.partition('?')[0]} should have answered, but its status is {response.status_code}.")
    return response


def expect(what: str, found: Seen, wanted: Seen) -> None:
    """Go on only if what is found is what the story tells."""
    if found != wanted:
        raise Surprise(f"{what} should be {_shown(wanted)}, but is {_shown(found)}.")


def until(what: str, look: Callable[[], Seen], wanted: Seen, *, seconds_max: float) -> float:
    """Look again and again until it is so; returns how many seconds that took."""
    started = time.monotonic()
    while (found := look()) != wanted:
        if time.monotonic() - started > seconds_max:
            raise Surprise(f"{what} should be {_shown(wanted)} within {seconds_max:g} s, but is {_shown(found)}.")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - started


def _shown(value: object) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, set) else str(value)
