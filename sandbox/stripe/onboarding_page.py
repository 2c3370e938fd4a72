"""The hosted onboarding page, on which a person completes a connected account, or leaves before that."""

from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.stripe import accounts, html
from sandbox.stripe.state import Json, Store


def routes(store: Store) -> list[Route]:
    page = OnboardingPage(store)
    return [
        Route("/connect/onboarding/{token}", page.show, methods=["GET"]),
        Route("/connect/onboarding/{token}/complete", page.complete, methods=["POST"]),
        Route("/connect/onboarding/{token}/leave", page.leave, methods=["POST"]),
    ]


class OnboardingPage:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def show(self, request: Request) -> Response:
        link, refusal = self._link(request)
        if link is None:
            return refusal
        account = escape(link["account"])
        action = f"/connect/onboarding/{escape(request.path_params['token'])}"
        return html.page(
            "Connect your account",
            f"<p>Account <code>{account}</code> wants to take payments.</p>"
            f'<form method="post" action="{action}/complete"><button>Complete onboarding</button></form>'
            f'<form method="post" action="{action}/leave"><button>Leave it for later</button></form>',
        )

    async def complete(self, request: Request) -> Response:
        link, refusal = self._link(request)
        if link is None:
            return refusal
        link["is_used"] = True
        accounts.complete_onboarding(self._store, self._store.platform.get("account", link["account"]))
        return RedirectResponse(link["return_url"], status_code=303)

    async def leave(self, request: Request) -> Response:
        """Back to the platform with nothing provided: arriving at `return_url` proves nothing."""
        link, refusal = self._link(request)
        if link is None:
            return refusal
        link["is_used"] = True
        return RedirectResponse(link["return_url"], status_code=303)

    def _link(self, request: Request) -> tuple[Json | None, Response]:
        """The link, or what to answer instead: a used or expired one leads to its refresh_url, as Stripe's does."""
        self._store.catch_up()
        link = accounts.find_link(self._store, request.path_params["token"])
        if link is None:
            return None, html.page("Nothing here", "<p>There is no such onboarding link.</p>", status=404)
        if link["is_used"] or self._store.clock.now() >= link["expires_at"]:
            return None, RedirectResponse(link["refresh_url"], status_code=303)
        return link, Response()
