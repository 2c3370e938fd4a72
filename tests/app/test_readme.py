"""The README and the operator's page are true: the walk works step by step, and the tables are what the code says."""

import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from typer.main import get_command

from app.__main__ import app
from app.settings import Settings
from sandbox import visitor
from sandbox.demo.story import free_ports
from tests.app import processes

README = (processes.ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (processes.ROOT / "docs/operations.md").read_text(encoding="utf-8")
WALK = ["SignIn", "Look", "Bill", "Send", "Asked", "Pay", "Paid", "WhoPaidWhat"]


def blocks() -> dict[str, str]:
    """Every GraphQL block of the README by its operation's name, in order."""
    found = re.findall(r"^```graphql\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return {re.findall(r"(?:query|mutation) (\w+)", block)[0]: block for block in found}


def default_of(name: str) -> str:
    field = Settings.model_fields[name]
    value: Any = field.default
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown}`" if shown else "empty"


def configuration_table() -> str:
    """The rows that docs/operations.md must have; paste them there when they differ."""
    rows = (
        f"| `{name.upper()}` | {default_of(name)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    return "\n".join(rows)


def test_configuration_is_listed_as_it_is() -> None:
    start = OPERATIONS.index("| Variable | Default | Meaning |\n| --- | --- | --- |\n")
    listed = OPERATIONS[start:].split("\n\n")[0].split("\n", 2)[2]
    assert listed == configuration_table()


def test_compose_sets_what_the_configuration_requires_and_nothing_unknown() -> None:
    compose = (processes.ROOT / "compose.yaml").read_text(encoding="utf-8")
    ours = compose.split("services:")[0]
    named = {name.lower() for name in re.findall(r"^    ([A-Z_]+): ", ours, re.MULTILINE)}
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= named <= Settings.model_fields.keys()


def test_every_command_is_listed() -> None:
    section = README.split("## Commands")[1].split("## ")[0]
    named = set(re.findall(r"`([a-z]+)[ `]", section))
    commands: Any = get_command(app)
    assert set(commands.commands) <= named


def test_every_make_target_it_names_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    makefile = (processes.ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test", "story"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_every_file_it_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (processes.ROOT / target).exists(), target


def test_walk_leads_from_the_demo_to_a_paid_invoice(tmp_path: Path) -> None:
    """Each GraphQL block of the README, in order, with what a reader copies from one step to the next."""
    assert list(blocks()) == WALK
    ports, log = free_ports(), tmp_path / "demo.log"
    with processes.started("demo", "--port", str(ports.api), "--data-dir", str(tmp_path / "demo"), log=log) as running:
        processes.until("ready", lambda: "is running" in log.read_text() or running.poll() is not None)
        Walk(f"http://localhost:{ports.api}", f"http://localhost:{ports.mailbox}", running).go()
        assert processes.stop(running) == 0, log.read_text()


class Walk:
    """A reader: one token in each tab, and what was copied."""

    def __init__(self, api: str, mailbox: str, running: "subprocess.Popen[bytes]") -> None:
        assert running.poll() is None
        self.api, self.mailbox = api, mailbox

    def go(self) -> None:
        owner = self.run("SignIn")["signIn"]["session"]["accessToken"]
        (inspection,) = self.run("Look", owner)["inspections"]["nodes"]
        people = {person["roleName"]: person for person in inspection["invoicing"]["people"]}
        assert inspection["invoicing"]["invoiceable"]["formatted"] == "$450.00"
        agent = people["Buyer's agent"]
        assert agent["person"]["name"] == "Arthur Bell"
        variables = {"inspection": inspection["id"], "agent": agent["id"]}
        invoice = self.run("Bill", owner, **variables)["addInvoice"]["invoice"]
        assert (invoice["status"], invoice["total"]["formatted"]) == ("DRAFT", "$125.00")
        assert httpx.get(invoice["documentUrl"], trust_env=False).status_code == 200
        too_much = blocks()["Bill"].replace("125.00", "1000.00")
        (refusal,) = self.send(too_much, owner, **variables)["addInvoice"]["userErrors"]
        assert refusal["message"] == "Fixed amount cannot exceed $325.00"
        assert f"`{refusal['message']}`" in README
        assert self.run("Send", owner, invoice=invoice["id"])["sendInvoice"]["invoice"]["status"] == "OPEN"
        payer = self.token_of_mail(agent["person"]["email"])
        asked = self.run("Asked", payer)["viewer"]["invoice"]
        assert (asked["id"], asked["remaining"]["formatted"]) == (invoice["id"], "$125.00")
        checkout = self.run("Pay", payer, invoice=asked["id"])["startPayment"]["checkoutUrl"]
        assert visitor.pay(checkout, card="4000000000000002") == 402
        assert visitor.pay(checkout, card="4242424242424242") == 303
        processes.until("paid", lambda: self.run("Paid", payer)["viewer"]["invoice"]["status"] == "PAID", 15)
        nodes = self.run("WhoPaidWhat", owner)["inspections"]["nodes"]
        settled = next(node["settled"] for node in nodes if node["propertyAddress"].startswith("12 Lakeshore"))
        assert settled["formatted"] == "$125.00"

    def run(self, name: str, token: str | None = None, **variables: str) -> Any:
        return self.send(blocks()[name], token, **variables)

    def send(self, query: str, token: str | None, **variables: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.api}/graphql", json=body, headers=headers, timeout=20, trust_env=False).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def token_of_mail(self, address: str) -> str:
        def newest() -> Any:
            return httpx.get(f"{self.mailbox}/api/messages", params={"recipient": address}, trust_env=False).json()

        processes.until("the mail", lambda: len(newest()) == 1, 15)
        link = visitor.link_in(newest()[0]["text"])
        assert link.startswith(f"{self.api}/pay#")
        return link.partition("#")[2]
