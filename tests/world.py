"""A world to test in: a company with staff, people and inspections, seen through the API over HTTP."""

import base64
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from starlette.applications import Starlette
from tortoise import connections

import models
from app.resources import Resources
from app.server import create_app
from app.settings import Settings
from gateways.stripe_answers import ProviderAccount
from operations.identity.companies import CreateCompany, NewUser, create_company
from operations.invoices import reminders
from operations.messages import automation_runner, delivery
from operations.payments import checkout, refunds, stripe_events, sync_payments, sync_refunds
from operations.payments.connected_accounts import note_stripe_account
from rules import clock
from tests.sandbox_servers import Servers

PASSWORD = "correct horse battery"
DELETED_BYTES_MAX = 256 * 1024
Json = dict[str, Any]

INVOICE = """
    id number kind status paymentStatus revision billedToName
    total { formatted amount currency } settled { formatted } inFlight { formatted } remaining { formatted }
    lines { description amount { formatted } }
    payments { id status payerName method amount { formatted } }
"""

NOTICES = "notices { code message }"


def development_settings(servers: Servers, **changed: Any) -> Settings:
    """A configuration for tests, pointing at the real parts."""
    return Settings(
        **{
            "database_url": servers.database_url,
            "redis_url": servers.redis_url,
            "signing_key": "a key for tests that is longer than thirty-two characters",
            "stripe_api_key": "sk_test_inspectpay",
            "stripe_base_url": servers.stripe.url,
            "stripe_requests_per_second": 10_000,
            "smtp_host": servers.mailbox.smtp_host,
            "smtp_port": servers.mailbox.smtp_port,
            "smtp_tls": "none",
            "mail_from": "billing@inspectpay.test",
            "public_url": "http://api.inspectpay.test",
            "client_portal_url": "https://client.inspectpay.test/portal",
            "payment_portal_url": "https://pay.inspectpay.test/invoice",
            "staff_app_url": "https://staff.inspectpay.test",
            "allowed_origins": "https://staff.inspectpay.test",
            "explorer": True,
            **changed,
        }
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered to one operation."""

    status: int
    body: Json

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the top-level errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a mutation answered."""

    content: Json

    @property
    def codes(self) -> list[str]:
        """The codes of the user errors."""
        return [error["code"] for error in self.content["userErrors"]]

    @property
    def messages(self) -> list[str]:
        """The sentences of the user errors."""
        return [error["message"] for error in self.content["userErrors"]]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """The code and the sentence of each notice, where NOTICES were selected."""
        return [(notice["code"], notice["message"]) for notice in self.content["notices"]]

    @property
    def fields(self) -> list[list[str] | None]:
        """The input fields that the user errors name."""
        return [error["field"] for error in self.content["userErrors"]]

    def done(self, name: str) -> Any:
        """What changed; fails when the mutation was refused."""
        assert self.content["userErrors"] == [], self.content["userErrors"]
        return self.content[name]


@dataclass(frozen=True, slots=True)
class Api:
    """The API over HTTP, as one bearer of a token sees it."""

    http: httpx.AsyncClient
    token: str | None

    async def run(self, query: str, **variables: Any) -> Answer:
        """Send one operation."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        response = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        return Answer(response.status_code, response.json())

    async def read(self, query: str, **variables: Any) -> Any:
        """The data of a query that is expected to succeed."""
        return (await self.run(query, **variables)).data

    async def mutate(self, name: str, selection: str = "", /, **given: Any) -> Payload:
        """Run one mutation with its input, selecting `selection` and the user errors."""
        kind = name[0].upper() + name[1:] + "Input"
        selection = f"{selection} userErrors {{ code message field }}"
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} }} }}"
        return Payload((await self.run(query, input=given)).data[name])


@dataclass(slots=True)
class World:
    """One company and its surroundings. Ids are global ids unless they say otherwise."""

    servers: Servers
    settings: Settings
    held: Resources
    http: httpx.AsyncClient
    company_key: UUID
    inspector: Api
    anybody: Api
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @asynccontextmanager
    async def begun(cls, servers: Servers, settings: Settings, held: Resources) -> AsyncIterator["World"]:
        """An emptied world with a company that can charge and its owner signed in."""
        await empty(servers, held)
        transport = httpx.ASGITransport(_application(settings, held), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
            world = cls(servers, settings, held, http, UUID(int=0), Api(http, None), Api(http, None))
            world.company_key, world.inspector = await world.new_company("Lakeside Inspections", "owner@lakeside.test")
            yield world
            await world.check_recipients()

    async def new_company(
        self, name: str, email: str, *, currency: str = "USD", connected: bool = True
    ) -> tuple[UUID, Api]:
        """A company, and its owner signed in."""
        owner = NewUser(name="Olive Owner", email=email, password=PASSWORD)
        key = await create_company(
            CreateCompany(name=name, currency=currency, time_zone="America/Chicago", owner=owner)
        )
        if connected:
            account = await self.servers.stripe.ready_account()
            await note_stripe_account(key, ProviderAccount(account, charges_enabled=True, details_submitted=True))
        return key, await self.signed_in(email)

    async def signed_in(self, email: str, password: str = PASSWORD) -> Api:
        """The API as staff see it."""
        session = await self.anybody.mutate("signIn", "session { accessToken }", email=email, password=password)
        return Api(self.http, session.done("session")["accessToken"])

    async def person(self, name: str = "Pat", *, email: str | None = "", api: Api | None = None) -> str:
        """A person of the company; with an address of their own unless told otherwise."""
        local = re.sub(r"[^a-z]+", ".", name.lower())[:40].strip(".") or "person"
        email = f"{local}.{next(self._numbers)}@people.test" if email == "" else email
        created = await (api or self.inspector).mutate("createPerson", "person { id }", name=name, email=email)
        return str(created.done("person")["id"])

    async def inspection(
        self,
        *amounts: str,
        people: tuple[tuple[str, str], ...] = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT")),
        api: Api | None = None,
        **given: Any,
    ) -> "Job":
        """An inspection with one service per amount; by default $350 and $100, a client and an agent."""
        api = api or self.inspector
        services = amounts or ("350.00", "100.00")
        box = [{"personId": await self.person(name, api=api), "role": role} for name, role in people]
        items = [
            {"kind": "SERVICE", "description": f"Service {n}", "amount": amount} for n, amount in enumerate(services, 1)
        ]
        created = await api.mutate(
            "createInspection",
            "inspection { id number people { id role roleName person { id name email } } lineItems { id } "
            "primaryInvoice { id } }",
            **{
                "propertyAddress": "12 Shore Road, Lakeside",
                "scheduledAt": "2026-11-23T15:00:00Z",
                "people": box,
                "lineItems": items,
                **given,
            },
        )
        return Job(self, api, created.done("inspection"))

    async def deliver_mails(self) -> int:
        """Let the outbox go out, as the worker does."""
        return await delivery.send_due_emails(limit=100, mailer=self.held.mailer, portals=self.settings.portals)

    async def mails(self, recipient: str | None = None) -> list[Json]:
        """The mailbox, newest first."""
        found: list[Json] = (await self.servers.mails.get("/api/messages")).json()
        return [mail for mail in found if recipient in (None, *mail["recipients"])]

    async def check_recipients(self) -> None:
        """Every mail ever sent has exactly one recipient, and that is the person it was written to (S16, S38)."""
        for mail in await self.mails():
            written = await models.Email.get(message_id=mail["headers"]["Message-ID"])
            assert mail["recipients"] == [written.to_address], mail
            assert mail["to"] == [written.to_address], mail
            assert (mail["cc"], mail["bcc"]) == ([], []), mail
            if written.invoice_id:
                bill_to = await models.Person.get(inspections__invoices__id=written.invoice_id)
                assert bill_to.name == written.to_name, mail

    async def run_automations(self) -> None:
        """Write what automations owe, and let it go out, as the worker does."""
        for automation_event_id in await automation_runner.claim_automation_events(limit=100):
            await automation_runner.run_automations_for(automation_event_id)
        await self.deliver_mails()

    async def remind(self) -> None:
        """Write the reminders that are due, and let them go out, as the worker does."""
        for invoice_id in await reminders.invoices_to_remind(limit=100):
            await reminders.remind(invoice_id)
        await self.deliver_mails()

    async def poll(self) -> None:
        """Ask Stripe about every open payment and refund now, as the worker does in time."""
        await models.Payment.filter(next_poll_at__isnull=False).update(next_poll_at=clock.now())
        for payment_id in await checkout.claim_payments_due(limit=100):
            await sync_payments.sync_payment(payment_id, stripe=self.held.stripe)

        await models.Refund.filter(next_poll_at__isnull=False).update(next_poll_at=clock.now())
        for refund_id in await refunds.claim_refunds_due(limit=100):
            await sync_refunds.sync_refund(refund_id, stripe=self.held.stripe)

    async def hear_news(self) -> None:
        """Ask Stripe for the company's news now, as the worker does in time."""
        for account in await models.ConnectedAccount.filter(company_id=self.company_key).order_by("id"):
            await stripe_events.sync_events(account.id, stripe=self.held.stripe)

    async def pay(self, checkout_url: str, **form: str) -> int:
        """What a person does at the checkout; the page's status."""
        return (await self.servers.stripe.pay(checkout_url, **(form or {"card": "4242424242424242"}))).status_code

    def bearer(self, url: str) -> Api:
        """The API as whoever follows a link sees it."""
        return Api(self.http, url.partition("#")[2])

    async def count(self, *tables: type[models.Row]) -> list[int]:
        """How many rows each table has: proof that nothing was written."""
        return [await table.all().count() for table in tables]


@dataclass(slots=True)
class Job:
    """One inspection of the world."""

    world: World
    api: Api
    created: Json

    @property
    def id(self) -> str:
        """Its global id."""
        return str(self.created["id"])

    @property
    def primary_id(self) -> str:
        """PRIMARY's global id."""
        return str(self.created["primaryInvoice"]["id"])

    @property
    def items(self) -> list[str]:
        """Its line items' global ids, in display order."""
        return [item["id"] for item in self.created["lineItems"]]

    def entry(self, role: str = "BUYERS_AGENT") -> str:
        """The People box entry of somebody in that role."""
        return str(next(person["id"] for person in self.created["people"] if person["role"] == role))

    def email(self, role: str = "BUYERS_AGENT") -> str:
        """The address of somebody in that role."""
        return str(next(person["person"]["email"] for person in self.created["people"] if person["role"] == role))

    async def add_invoice(self, fixed_amount: str | None = None, **given: Any) -> Payload:
        """Bill somebody, by default the agent, a fixed amount or what `given` says."""
        given = {"inspectionId": self.id, "inspectionPersonId": self.entry(), "fixedAmount": fixed_amount, **given}
        return await self.api.mutate("addInvoice", f"invoice {{ {INVOICE} }}", **given)

    async def invoice(self, fixed_amount: str | None = None, **given: Any) -> Json:
        """As `add_invoice`, which must succeed."""
        added: Json = (await self.add_invoice(fixed_amount, **given)).done("invoice")
        return added

    async def payment_link(self, invoice_id: str) -> Api:
        """The API as the payer of a separate invoice sees it; opens a draft."""
        made = await self.api.mutate("createPaymentLink", "url", invoiceId=invoice_id)
        return self.world.bearer(made.done("url"))

    async def client_portal(self) -> Api:
        """The API as the client sees it."""
        person = next(person["person"]["id"] for person in self.created["people"] if person["role"] == "CLIENT")
        made = await self.api.mutate("shareClientPortal", "url", inspectionId=self.id, personId=person)
        return self.world.bearer(made.done("url"))

    async def paid(self, payer: Api, invoice_id: str, amount: str | None = None, **form: str) -> Json:
        """Pay an invoice at the checkout, by card unless told otherwise, and let the poller see it."""
        started = await payer.mutate(
            "startPayment", "payment { id status } checkoutUrl", invoiceId=invoice_id, amount=amount
        )
        await self.world.pay(started.done("checkoutUrl"), **form)
        await self.world.poll()
        payment: Json = started.content["payment"]
        return payment

    async def read(self, selection: str) -> Json:
        """The inspection as the inspector sees it."""
        data = await self.api.read(f"query($id: ID!) {{ inspection(id: $id) {{ {selection} }} }}", id=self.id)
        found: Json = data["inspection"]
        return found

    async def primary(self) -> Json:
        """PRIMARY as the inspector sees it."""
        found: Json = (await self.read(f"primaryInvoice {{ {INVOICE} }}"))["primaryInvoice"]
        return found


def key_of(global_id: str) -> UUID:
    """The database key in a global id."""
    return UUID(base64.urlsafe_b64decode(global_id).decode().partition(":")[2])


@cache
def _application(settings: Settings, held: Resources) -> Starlette:
    """The API of one worker: as in production, it serves many, and knows documents that it has seen before."""
    return create_app(settings, held=held)


async def empty(servers: Servers, held: Resources) -> None:
    """Forget everything that an earlier test left: rows, queue, mails, Stripe's objects and faults."""
    await connections.get("default").execute_script(_emptying())
    await held.redis.flushdb()
    await servers.stripe.control("reset")
    await servers.mails.delete("/api/messages")
    await servers.mails.delete("/api/faults")


@cache
def _emptying() -> str:
    """SQL that empties every table. Few rows are deleted, which is far quicker than a new file for each index."""
    names = ", ".join(f"'{model._meta.db_table}'" for model in vars(models).values() if _is_table(model))
    # The audit trail refuses to be emptied; only a superuser of a test may look away.
    return f"""
        BEGIN;
        SET LOCAL session_replication_role = replica;
        DO $$ DECLARE name text; BEGIN
            FOREACH name IN ARRAY ARRAY[{names}] LOOP
                IF pg_relation_size(name::regclass) > {DELETED_BYTES_MAX} THEN
                    EXECUTE format('TRUNCATE %I CASCADE', name);
                ELSIF pg_relation_size(name::regclass) > 0 THEN
                    EXECUTE format('DELETE FROM %I', name);
                END IF;
            END LOOP;
        END $$;
        COMMIT"""


def _is_table(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, models.Row) and model is not models.Row


def moment(text: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(text)
