"""The demo: ready with real data, one at a time, its parts started again when they die, and gone without a trace."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.settings import Settings
from rules.states import InvoiceStatus, PaymentStatus
from sandbox import process, visitor
from sandbox.demo import dev_environment
from sandbox.demo.api_client import Caller, get
from sandbox.demo.seed import OWNER_EMAIL
from sandbox.demo.seed_states import PASSWORD
from sandbox.demo.story import free_ports
from tests.app import processes

PAYMENT_STATUSES = {str(status) for status in PaymentStatus}
INVOICE_STATUSES = {str(status) for status in InvoiceStatus}
WITH_INVOICE_MAILS = {"luis.vega", "theo.grant", "adam.reed", "ada.cole"}
EVERYTHING = """{
    inspections(first: 50) { nodes {
        paymentStatus status notificationsDisabled invoices { status } report { locked }
        agreements { version signedAt } people { roleName } emails { kind } grants { issuedBy }
    } }
    automations { tier }
}"""


def demo(data_dir: Path, ports: dev_environment.Ports, *options: str) -> tuple[str, ...]:
    return ("demo", "--port", str(ports.api), "--data-dir", str(data_dir), *options)


def shown(log: Path) -> str:
    return log.read_text(encoding="utf-8") if log.exists() else ""


def ready(running: "subprocess.Popen[bytes]", log: Path) -> None:
    processes.until("ready", lambda: "Inspectpay is running." in shown(log) or running.poll() is not None)
    assert running.poll() is None, shown(log)


def owner(api_url: str) -> Caller:
    session = Caller("owner", api_url).mutate(
        "signIn", "session { accessToken }", email=OWNER_EMAIL, password=PASSWORD
    )["session"]
    return Caller("owner", api_url, session["accessToken"])


def invoice_mails(ports: dev_environment.Ports) -> set[str]:
    """Who got an invoice by mail."""
    mails = get(f"http://127.0.0.1:{ports.mailbox}/api/messages").json()
    return {mail["recipients"][0].partition("@")[0] for mail in mails if mail["subject"].startswith("Invoice ")}


def link_after(words: str, text: str) -> str:
    return next(line for line in text.splitlines() if words in line).split()[-1]


def leftovers(data_dir: Path) -> Iterator[str]:
    """Command lines of processes that still work for the demo on this directory."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return (line for line in listed.splitlines() if str(data_dir) in line and "pytest" not in line)


def test_demo_works_goes_on_and_forgets(tmp_path: Path) -> None:
    data_dir, log = tmp_path / "data", tmp_path / "demo.log"
    first_demo_shows_every_state_and_its_links_work(data_dir, log)
    next_demo_goes_on_and_restarts_what_dies(data_dir, log)
    reset_forgets_the_demo_and_nothing_else(data_dir, log)


def first_demo_shows_every_state_and_its_links_work(data_dir: Path, log: Path) -> None:
    ports = free_ports()
    with processes.started(*demo(data_dir, ports), log=log) as running:
        ready(running, log)
        text = shown(log)
        api = f"http://localhost:{ports.api}"
        assert {f"{api}/graphiql", f"http://localhost:{ports.mailbox}", f"http://localhost:{ports.stripe}"} <= set(
            text.split()
        )
        every_state_is_shown(owner(api))
        payer = Caller("payer", api, link_after("Payment portal", text).partition("#")[2])
        client = Caller("client", api, link_after("Client portal", text).partition("#")[2])
        assert payer.read("{ viewer { __typename } }")["viewer"]["__typename"] == "PayerViewer"
        assert client.read("{ viewer { __typename } }")["viewer"]["__typename"] == "ClientViewer"
        processes.until("mails", lambda: invoice_mails(ports) == WITH_INVOICE_MAILS)

        second = processes.run(*demo(data_dir, free_ports()))
        assert second.returncode == 2
        assert "A demo is running on" in second.stderr
        busy = processes.run(*demo(data_dir.with_name("other"), ports))
        assert busy.returncode == 2
        assert f"Port {ports.api}, for the API, is taken" in busy.stderr
        assert "Traceback" not in second.stderr + busy.stderr + shown(log)

        refused_to_clean(data_dir)
        assert processes.stop(running, signal.SIGINT) == 0
    assert shown(log).rstrip().endswith("Stopped.")
    assert list(leftovers(data_dir)) == []
    assert all(process.is_free(port) for port in ports.named().values())


def refused_to_clean(data_dir: Path) -> None:
    """What `make clean` runs leaves a demo alone that is at work."""
    before = sorted(path.name for path in data_dir.iterdir())
    script = str(process.ROOT / "sandbox" / "cleaning.py")
    done = subprocess.run([sys.executable, script, str(data_dir.parent)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"A demo is running on {data_dir} (process " in done.stderr
    assert sorted(path.name for path in data_dir.iterdir()) == before


def every_state_is_shown(olivia: Caller) -> None:
    seen = olivia.read(EVERYTHING)
    found = seen["inspections"]["nodes"]

    def each(field: str, name: str) -> set[object]:
        return {one[name] for node in found for one in node[field] or []}

    assert {node["paymentStatus"] for node in found} == PAYMENT_STATUSES
    assert {node["status"] for node in found} == {"SCHEDULED", "CANCELED"}
    assert {node["notificationsDisabled"] for node in found} == {False, True}
    assert each("invoices", "status") == INVOICE_STATUSES
    assert [node["report"] for node in found if node["report"]] == [{"locked": True}]
    assert each("agreements", "version") == {1, 2}
    assert len(each("agreements", "signedAt")) > 1
    assert "Attorney" in each("people", "roleName")
    assert each("emails", "kind") >= {"INVOICE", "NOTICE", "RECEIPT"}
    assert "CLIENT_SHARE" in each("grants", "issuedBy")
    assert {automation["tier"] for automation in seen["automations"]} == {"BASE", "ADVANCED"}


def next_demo_goes_on_and_restarts_what_dies(data_dir: Path, log: Path) -> None:
    ports = free_ports()
    with processes.started(*demo(data_dir, ports), log=log) as running:
        ready(running, log)
        assert "Making a company" not in shown(log), "the data of the first start is used"
        assert invoice_mails(ports) == WITH_INVOICE_MAILS, "the mails of the first start are there"
        assert shown(data_dir / "logs.previous" / "worker.log"), "and so are its logs"
        said_before = {name: shown(data_dir / "logs" / f"{name}.log") for name in ("worker", "api")}
        api = f"http://localhost:{ports.api}"
        payer = Caller("payer", api, link_after("Payment portal", shown(log)).partition("#")[2])
        invoice = payer.read("{ viewer { ... on PayerViewer { invoice { id } } } }")["viewer"]["invoice"]
        checkout = payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])["checkoutUrl"]

        for name in ("worker", "serve"):
            kill_own(name, ports)
        processes.until("restarts", lambda: shown(log).count("starting it again") == 2)
        processes.until("the API", lambda: process.answers(f"http://127.0.0.1:{ports.api}/readyz"))
        assert visitor.pay(checkout, card=visitor.CARD) == 303
        status = "query($id: ID!) { invoice(id: $id) { status } }"
        processes.until("paid", lambda: payer.read(status, id=invoice["id"])["invoice"]["status"] == "PAID")
        for name, said in said_before.items():
            assert said
            assert shown(data_dir / "logs" / f"{name}.log").startswith(said), "what a dead process said is kept"
        assert processes.stop(running, signal.SIGTERM) == 0
    assert "Traceback" not in shown(log)
    assert list(leftovers(data_dir)) == []


def kill_own(name: str, ports: dev_environment.Ports) -> None:
    """SIGKILL the demo's API or worker: the child of the process that watches over it."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    found = []
    for line in listed.splitlines()[1:]:
        number, _, words = line.strip().partition(" ")
        if f"-m app {name}" in words and "attached.py" not in words and belongs_to(int(number), ports):
            found.append(int(number))
    assert len(found) == 1, found
    subprocess.run(["kill", "-KILL", str(found[0])], check=True)


def belongs_to(number: int, ports: dev_environment.Ports) -> bool:
    try:
        environment = Path(f"/proc/{number}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return f"PUBLIC_URL=http://localhost:{ports.api}" in environment


def reset_forgets_the_demo_and_nothing_else(data_dir: Path, log: Path) -> None:
    theirs = data_dir / "notes.txt"
    theirs.write_text("mine")
    ports = free_ports()
    with processes.started(*demo(data_dir, ports, "--reset"), log=log) as running:
        ready(running, log)
        assert "Making a company" in shown(log)
        assert not (data_dir / "logs.previous").exists()
        assert processes.stop(running) == 0
    assert theirs.read_text() == "mine"


def test_reset_of_a_database_of_your_own_is_refused(tmp_path: Path) -> None:
    url = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    refused = processes.run(*demo(tmp_path, free_ports(), "--reset"), environment=url)
    assert refused.returncode == 2
    assert "--reset can't empty the database of DATABASE_URL" in refused.stderr


def test_every_variable_is_set_so_that_none_of_the_callers_gets_in() -> None:
    environment = dev_environment._environment(dev_environment.Ports(8000), "postgres://a@b/c", "redis://a", "x" * 40)
    assert environment.keys() == {name.upper() for name in Settings.model_fields}
    given: dict[str, Any] = {name.lower(): value for name, value in environment.items()}
    assert Settings(**given).explorer
    assert all("//localhost:" in origin for origin in environment["ALLOWED_ORIGINS"].split(","))
