"""A person in front of the simulator's pages: pays at a checkout, is declined, completes an onboarding."""

import re

import httpx

CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
DISPUTED_CARD = "4000000000000259"
SECONDS_MAX = 10.0


def pay(checkout_url: str, **form: str) -> int:
    """Fill in the checkout's form: `card="4242…"` or `bank="succeeds"`; the page's status: 303 paid, 402 declined."""
    return _post(f"{checkout_url}/pay", **form).status_code


def complete_onboarding(onboarding_url: str) -> int:
    """Provide everything that Stripe asks of a company; the page's status."""
    return _post(f"{onboarding_url}/complete").status_code


def link_in(text: str) -> str:
    """The link of a mail: the first address in its text that has a fragment."""
    found = re.search(r"https?://\S+#\S+", text)
    if found is None:
        raise LookupError("The mail has no link with a token.")
    return found[0]


def _post(url: str, **form: str) -> httpx.Response:
    return httpx.post(url, data=form, timeout=SECONDS_MAX, trust_env=False)
