"""That both give the same answers, without which their times say nothing."""

import http.client
import json
from typing import Any

import asyncpg

from benchmarks.servers import Servers
from benchmarks.workloads import Workload
from sandbox.process import HOST

COMPARED_MAX = 50
WRITTEN_MAX = 5
BOOKS = """
    SELECT jsonb_build_array(
        (SELECT jsonb_agg(to_jsonb(row) ORDER BY id) FROM inspections row),
        (SELECT jsonb_agg(to_jsonb(row) - '{id,created_at}'::text[] ORDER BY company_id, number) FROM invoices row),
        (SELECT jsonb_agg(to_jsonb(row) - '{id,created_at,invoice_id}'::text[]
                          ORDER BY line_item_id, amount_minor) FROM invoice_lines row),
        (SELECT jsonb_agg(to_jsonb(row) - '{id,created_at,subject_id}'::text[]
                          ORDER BY inspection_id, name, after) FROM events row))::text
"""


class Disagreement(Exception):
    """The two answered differently, or wrote different rows; the message shows both."""


def compare_answers(workload: Workload, servers: Servers) -> int:
    """Ask both the same; returns how many answers were compared. Raises Disagreement."""
    compared = workload.requests[:COMPARED_MAX]
    for token, body in compared:
        ours = _ask(servers.api_port, "/graphql", token, body)
        theirs = _ask(servers.handwritten_port, workload.path, token, body)
        _require_equal(workload.name, ours, theirs)
    return len(compared)


async def compare_writes(workload: Workload, servers: Servers) -> int:
    """Let both write the same; answers and rows must be equal but for fresh keys and times. Raises Disagreement."""
    written = workload.requests[:WRITTEN_MAX]
    for token, body in written:
        ours = _ask(servers.api_port, "/graphql", token, body)
        theirs = _ask(servers.handwritten_port, workload.path, token, body)
        for answer in (ours, theirs):
            answer["data"]["addInvoice"]["invoice"].pop("id")
        _require_equal(workload.name, ours, theirs)
    books = []
    for url in (servers.api_database_url, servers.handwritten_database_url):
        connection = await asyncpg.connect(url)
        try:
            books.append(json.loads(await connection.fetchval(BOOKS)))
        finally:
            await connection.close()
    for ours, theirs in zip(*books, strict=True):
        for our_row, their_row in zip(ours, theirs, strict=True):
            _require_equal(workload.name, our_row, their_row)
    return len(written)


def _ask(port: int, path: str, token: str, body: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200 or '"errors":' in text:
            raise Disagreement(f"{path} answered {response.status}: {text}")
        answer: dict[str, Any] = json.loads(text)
        return answer
    finally:
        connection.close()


def _require_equal(name: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise Disagreement(f"{name}\nInspectpay:   {json.dumps(ours)}\nhand-written: {json.dumps(theirs)}")
