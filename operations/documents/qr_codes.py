"""Links that a phone's camera follows."""

import io


def qr_code(link: str) -> bytes:
    """The link as an SVG of black squares, with the quiet zone around it that readers need (ISO/IEC 18004)."""
    import segno  # With the first document that has a link: the API prints none.

    written = io.BytesIO()
    segno.make_qr(link, error="m").save(written, kind="svg", border=4, svgns=True, xmldecl=False)
    return written.getvalue()
