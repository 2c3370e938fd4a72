"""How the simulator's pages look; every text is escaped, because it comes from strangers."""

from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #1a1f36 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .35rem .6rem .35rem 0 }
form { border: 1px solid #dfe3ea; border-radius: 8px; padding: 1rem; margin: 1rem 0 }
input { font: inherit; padding: .4rem; width: 100%; box-sizing: border-box; margin: .2rem 0 .8rem }
button { font: inherit; padding: .5rem 1rem; border: 0; border-radius: 6px; background: #635bff; color: #fff }
.error { color: #b3093c } .note { color: #596171 }
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    """`title` is text and gets escaped; `body` is markup."""
    content = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        '<p class="note">Stripe simulator: no real money, no real card.</p></body></html>'
    )
    return HTMLResponse(content, status_code=status, headers=_HEADERS)
