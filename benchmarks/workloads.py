"""What is asked: the measured documents, with requests of many inspections and companies each."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import jwt

from benchmarks.data_set import link_token
from benchmarks.handwritten.global_ids import global_id

REQUESTS_MAX = 500

PAYMENTS_BOX = """query PaymentsBox($id: ID!) {
  inspection(id: $id) {
    id number status scheduledAt propertyAddress inspectorName paymentStatus total { amount } remaining { amount }
    people { role roleName person { id name email phone } }
    lineItems { id kind description amount { amount currency formatted } }
    invoices {
      id number status createdAt sentAt total { amount } settled { amount }
      billedTo { role person { id name email } }
      lines { id description amount { amount formatted } }
      payments { id amount { amount } method status reference settledAt }
    }
  }
}"""
INSPECTIONS_LIST = """query InspectionsList {
  inspections(first: 50, orderBy: SCHEDULED_AT_DESC) {
    nodes {
      id number status scheduledAt propertyAddress paymentStatus remaining { amount }
      primaryInvoice { billedTo { role person { id name } } }
      invoices { id status total { amount } }
    }
  }
}"""
PAYER_PORTAL = """query PayerPortal {
  viewer {
    ... on PayerViewer {
      invoice {
        number status createdAt sentAt total { amount } settled { amount }
        companyName propertyAddress billedToName
        lines { description amount { amount formatted } }
        payments { amount { amount } method status settledAt }
      }
    }
  }
}"""
ADD_INVOICE = """mutation AddInvoice($input: AddInvoiceInput!) {
  addInvoice(input: $input) {
    invoice { id number status total { amount } remaining { amount } }
    userErrors { code message }
  }
}"""

SESSIONS = "SELECT id, company_id FROM sign_ins ORDER BY id"
INSPECTIONS = "SELECT id, company_id FROM inspections ORDER BY md5(id::text) LIMIT $1"
INVOICEABLE = """
    SELECT inspection.id, inspection.company_id, entry.id AS entry_id
      FROM inspections inspection
      JOIN invoices invoice ON invoice.inspection_id = inspection.id AND invoice.kind = 'PRIMARY'
      JOIN inspection_people entry ON entry.inspection_id = inspection.id AND entry.role = 'LISTING_AGENT'
     WHERE inspection.status <> 'CANCELED' AND invoice.remaining_minor > 5000
     ORDER BY md5(inspection.id::text)
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One question: its name, where the hand-written endpoint answers it, and requests as (token, body)."""

    name: str
    path: str
    requests: list[tuple[str, str]]


async def reads(database_url: str, *, signing_key: str) -> list[Workload]:
    """A: an inspection's payments box. B: a list of fifty inspections. C: a payer's portal."""
    connection = await asyncpg.connect(database_url)
    try:
        tokens = await access_tokens(connection, signing_key)
        rows = await connection.fetch(INSPECTIONS, REQUESTS_MAX)
        inspections: int = await connection.fetchval("SELECT count(*) FROM inspections")
    finally:
        await connection.close()
    links = [link_token(1 + each * inspections // len(rows)) for each in range(len(rows))]
    boxes = [(tokens[row["company_id"]], _body(PAYMENTS_BOX, id=global_id("Inspection", row["id"]))) for row in rows]
    return [
        Workload("A payments box", "/payments-box", boxes),
        Workload("B inspections", "/inspections-list", [(token, _body(INSPECTIONS_LIST)) for token in tokens.values()]),
        Workload("C payer's portal", "/payer-portal", [(token, _body(PAYER_PORTAL)) for token in links]),
    ]


async def writes(database_url: str, *, signing_key: str) -> list[Workload]:
    """A draft invoice of a dollar, on each inspection whose client still owes enough."""
    connection = await asyncpg.connect(database_url)
    try:
        tokens = await access_tokens(connection, signing_key)
        rows = await connection.fetch(INVOICEABLE)
    finally:
        await connection.close()
    requests = []
    for row in rows:
        given = {
            "inspectionId": global_id("Inspection", row["id"]),
            "inspectionPersonId": global_id("InspectionPerson", row["entry_id"]),
            "fixedAmount": "1.00",
        }
        requests.append((tokens[row["company_id"]], _body(ADD_INVOICE, input=given)))
    return [Workload("addInvoice (draft)", "/add-invoice", requests)]


async def access_tokens(connection: asyncpg.Connection, signing_key: str) -> dict[UUID, str]:
    """An access token for each company, good for longer than the benchmarks run."""
    ends = datetime.now(UTC) + timedelta(days=1)
    return {
        row["company_id"]: jwt.encode({"sid": str(row["id"]), "aud": "inspectpay", "exp": ends}, signing_key, "HS256")
        for row in await connection.fetch(SESSIONS)
    }


def _body(document: str, **variables: object) -> str:
    return json.dumps({"query": document, "variables": variables})
