"""Documents: HTML and PDF say the same, whatever the texts hold, without holding up anybody else."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

import pytest
import typst
from markupsafe import escape

from operations.documents import pdf
from operations.documents.invoice_document import Fact, InvoiceDocument, Row, as_data, as_html, as_pdf, data_as_pdf
from operations.documents.qr_codes import qr_code
from rules.colors import DEFAULT_COLOR

LINK = "https://pay.example.test/pay#t0ken-of-the-payer"
DOCUMENT = InvoiceDocument(
    title="Invoice 1001-2",
    company_name="Lakeside Inspections",
    status="Partially paid",
    date="November 22, 2026",
    revision="Revision 2",
    due_on="Due December 1, 2026",
    facts=(Fact("Billed to", "Adam Agent"), Fact("Property", "12 Shore Road, Lakeside")),
    lines=(Row("Inspection", "", "$350.00"), Row("Radon test", "with a lab", "$100.00")),
    sums=(Row("Total", "", "$450.00"), Row("Paid", "", "-$200.00")),
    due=Row("Amount due", "", "$250.00"),
    payments=(Row("Adam Agent", "Card, November 3, 2026", "$200.00"),),
    shares=(Row("Lisa Lister", "Unpaid", "$111.00"),),
    paper="us-letter",
    contact=("12 Quay Street", "+1 555 0100", "office@lakeside.test", "Tax ID 12-3456789"),
    color="#aa3311",
)
OF_LAYOUT = ("paper", "color", "logo")
"""What no text of a document is, but how it looks."""


HOSTILE = [
    "山田太郎",
    "محمد علي",
    "Zoë 🏠👩‍👩‍👧",
    '#panic() #import "x" $x^2$ *b* _i_ @ref <label> // /* ` \\u{41} [ ] { }',
    "<script>alert(1)</script>",
    "{{ document }} {% raw %}",
    '"quoted" \\ back\\slash',
    "x" * 300,
    "\u202eright to left override",
    "e\u0301" * 50,
    "-",
    "- a list? + no = heading",
]


def variations(document: InvoiceDocument, text: str) -> Iterator[tuple[str, InvoiceDocument]]:
    """The document with one text in it replaced, for each of its texts that are shown."""

    def changed(name: str, value: object) -> InvoiceDocument:
        given: dict[str, Any] = {name: value}
        return replace(document, **given)

    for field in fields(document):
        value = getattr(document, field.name)
        if isinstance(value, str) and field.name not in OF_LAYOUT:
            yield field.name, changed(field.name, text)
        elif isinstance(value, Row):
            for part in ("label", "amount"):
                yield f"{field.name}.{part}", changed(field.name, replace(value, **{part: text}))
        elif field.name == "contact":
            yield field.name, changed(field.name, (*value[:-1], text))
        elif field.name == "facts":
            for part in ("label", "text"):
                yield f"facts.{part}", changed("facts", (*value[:-1], replace(value[-1], **{part: text})))
        elif isinstance(value, tuple):
            for part in ("label", "amount") if field.name == "sums" else ("label", "detail", "amount"):
                yield f"{field.name}.{part}", changed(field.name, (*value[:-1], replace(value[-1], **{part: text})))


def about(name: str) -> InvoiceDocument:
    """The document, billed to somebody of that name."""
    return replace(DOCUMENT, facts=(Fact("Billed to", name), *DOCUMENT.facts[1:]))


def texts(value: Any) -> Iterator[str]:
    """Every text of a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in OF_LAYOUT:
                yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif value:
        yield value


async def test_every_text_is_on_the_page_and_in_the_pdf() -> None:
    """Every text of an invoice document is on its page and in its PDF (S15)."""
    html = as_html(DOCUMENT)
    pdf = await as_pdf(DOCUMENT)
    assert pdf.startswith(b"%PDF-")
    for text in texts(asdict(DOCUMENT)):
        assert str(escape(text)) in html
    found = dict(variations(DOCUMENT, "Something else"))
    assert len(found) == 22
    for name, changed in found.items():
        assert "Something else" in as_html(changed), name
        assert await as_pdf(changed) != pdf, f"{name} is not in the PDF"


async def test_what_was_kept_before_documents_had_facts_is_printed_as_ever() -> None:
    """A mail that waited over an upgrade has the document that it was to have, byte for byte (S15)."""
    billed_to, address = (fact.text for fact in DOCUMENT.facts)
    plain = replace(DOCUMENT, contact=(), color=DEFAULT_COLOR)
    kept = as_data(plain) | {"billed_to": billed_to, "property_address": address}
    for name in ("facts", "contact", "color", "logo"):
        del kept[name]
    assert await data_as_pdf(kept) == await as_pdf(plain)


async def test_the_pdf_says_which_of_its_parts_is_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers' programs find headings, tables and what pictures show: it is PDF/UA-1 (S15)."""
    strict: dict[str, Any] = {"pdf_standards": "ua-1"}
    monkeypatch.setattr(typst, "compile", partial(typst.compile, **strict))
    written = await data_as_pdf(as_data(DOCUMENT), pay_link=LINK)
    assert b"/StructTreeRoot" in written
    assert b"pdfuaid" in written


async def test_only_the_payers_own_copy_has_the_link() -> None:
    """The mailed copy leads to the payment, by a code and by a link; a copy that others may open does not (S60)."""
    own, others = await data_as_pdf(as_data(DOCUMENT), pay_link=LINK), await as_pdf(DOCUMENT)
    assert LINK.encode() in own
    assert LINK.encode() not in others
    assert len(qr_code(LINK)) < 20_000
    assert await data_as_pdf(as_data(DOCUMENT), pay_link=f"{LINK}x") != own


async def test_the_same_document_is_the_same_file() -> None:
    """The same document makes the same PDF, byte for byte (S15)."""
    first, second = await asyncio.gather(as_pdf(DOCUMENT), as_pdf(DOCUMENT))
    assert first == second


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler-utils")
async def test_the_pdf_reads_as_the_page_does(tmp_path: Path) -> None:
    """The PDF's text is the page's (S15, S22)."""
    file = tmp_path / "invoice.pdf"
    file.write_bytes(await as_pdf(DOCUMENT))
    read = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, check=True, text=True).stdout  # noqa: ASYNC221
    for text in texts(asdict(DOCUMENT)):
        assert text in read


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_breaks_a_document_or_becomes_markup(text: str) -> None:
    """No text that people type breaks a document or becomes markup in it (S15)."""
    for _, changed in variations(DOCUMENT, text):
        assert (await as_pdf(changed)).startswith(b"%PDF-")
        html = as_html(changed)
        assert str(escape(text)) in html
        assert "<script" not in html


async def test_a_long_document_goes_on_over_pages() -> None:
    """A long document goes on over pages (S15)."""
    many = tuple(Row(f"Service {number}", "", "$1.00") for number in range(200))
    pages = re.search(rb"/Type/Pages/Count (\d+)", await as_pdf(replace(DOCUMENT, lines=many)))
    assert pages is not None
    assert int(pages[1]) >= 5


async def test_printing_holds_nobody_up() -> None:
    """Making a PDF does not hold up the event loop (S15)."""
    await as_pdf(DOCUMENT)  # Fonts are found once.
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = thread_time()  # The loop's own work: a busy machine is nobody's fault.
            await asyncio.sleep(0.001)
            longest = max(longest, thread_time() - before)

    watching = asyncio.create_task(watch())
    started = perf_counter()
    await asyncio.gather(*(as_pdf(replace(DOCUMENT, title=f"Invoice {number}")) for number in range(100)))
    seconds = perf_counter() - started
    watching.cancel()
    assert seconds < 10, f"100 documents took {seconds:.1f} s"
    assert longest < 0.25


# Of no script, so that no machine has a font for them.
@pytest.mark.parametrize("character", ["\U0010fff0", "\U000e1234"])
async def test_a_character_that_no_font_has_is_told_in_the_log(
    character: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document that prints boxes says so in the log, with the character and what to install, and is printed (S20)."""
    pdf = await as_pdf(about(f"Adam {character}"))
    assert pdf.startswith(b"%PDF")
    told = capsys.readouterr().out
    assert "document.character_without_font" in told
    assert f"U+{ord(character):04X}" in told
    assert "fonts-noto-cjk" in told
    assert "Adam" not in told


@pytest.mark.parametrize("name", ["Adam Agent", "Zoë Łukasz Ωμέγα Иван", "€ 5 \u2013 “quoted” \u2019"])
async def test_common_letters_have_a_font(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is logged of what every installation prints, and no second look at it is taken."""
    await as_pdf(about(name))
    assert capsys.readouterr().out == ""
    assert pdf._without_font("invoice.typ", {"data": json.dumps(asdict(about(name))), "pictures": "{}"}) is None
