"""Connected accounts: creating them, taking a person through onboarding, and losing what they were allowed to do."""

from typing import Any

from sandbox.stripe import listing
from sandbox.stripe.call import Call, endpoint
from sandbox.stripe.errors import StripeError, account_unreachable
from sandbox.stripe.events import emit
from sandbox.stripe.parameters import Shape, email, one_of, text, unsettable_metadata, url
from sandbox.stripe.state import Json, Space, Store, new_id

LINK_LIFE_SECONDS = 5 * 60
_TO_PROVIDE = ["business_profile.url", "business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
REJECTIONS = (
    "rejected.fraud", "rejected.incomplete_verification", "rejected.listed", "rejected.other",
    "rejected.platform_fraud", "rejected.platform_other", "rejected.platform_terms_of_service",
    "rejected.terms_of_service",
)  # fmt: skip
APPLICATION = {"id": "ca_InspectpaySandbox", "object": "application", "name": "Inspectpay"}
_CAPABILITIES = ("card_payments", "transfers", "us_bank_account_ach_payments")


def create(call: Call) -> Json:
    """An account that can't charge before a person completes its onboarding."""
    given = call.parameters
    if "controller" in given and "type" in given:
        raise StripeError("You may only specify one of these parameters: controller, type.", param="type")
    return add_account(
        call.store,
        email=given.get("email"),
        country=given.get("country", "US"),
        currency=given.get("default_currency", "usd"),
        metadata=given.get("metadata", {}),
        controller=given.get("controller"),
    )


def add_account(
    store: Store, *, email: str | None, country: str, currency: str, metadata: dict[str, str], **fixed: Any
) -> Json:
    account_id = fixed.get("id") or new_id("acct", 16)
    account: Json = {
        "id": account_id,
        "object": "account",
        "business_profile": _business_profile(),
        "business_type": None,
        "capabilities": dict.fromkeys(_CAPABILITIES, "inactive"),
        "charges_enabled": False,
        "controller": {**_CONTROLLER, **(fixed.get("controller") or {})},
        "country": country,
        "created": store.clock.now(),
        "default_currency": currency,
        "details_submitted": False,
        "email": email,
        "external_accounts": listing.whole([], url=f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": _requirements([], None),
        "metadata": metadata,
        "payouts_enabled": False,
        "requirements": _requirements(_TO_PROVIDE, "requirements.past_due"),
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "none" if fixed.get("controller") else "standard",
    }
    store.spaces[account_id] = Space(account_id)
    return store.platform.add(account)


def retrieve(call: Call) -> Json:
    return _get(call, call.ids[0])


def list_accounts(call: Call) -> Json:
    spaces = call.store.spaces
    accounts = [found for found in call.space.newest_first("account") if not spaces[found["id"]].is_revoked]
    return listing.page(accounts, call.parameters, url="/v1/accounts", space=call.space, kind="account")


def create_link(call: Call) -> Json:
    """A page on which a person onboards the account; it works once and for five minutes."""
    account = _get(call, call.parameters["account"])
    token = new_id("link", 32)
    link = {
        "object": "account_link",
        "created": call.now,
        "expires_at": call.now + LINK_LIFE_SECONDS,
        "url": f"{call.base_url}/connect/onboarding/{token}",
    }
    call.store.platform.hidden[token] = {
        "account": account["id"],
        "expires_at": link["expires_at"],
        "return_url": call.parameters["return_url"],
        "refresh_url": call.parameters["refresh_url"],
        "is_used": False,
    }
    return link


def find_link(store: Store, token: str) -> Json | None:
    """What a link leads to; None for a token that was never given out."""
    return store.platform.hidden.get(token)


def complete_onboarding(store: Store, account: Json) -> None:
    """Everything provided and verified: the account can charge and be paid out."""
    now = store.clock.now()
    account.update(business_type="company", tos_acceptance={"date": now, "ip": "127.0.0.1", "user_agent": None})
    change(store, account, charges_enabled=True, payouts_enabled=True, details_submitted=True)


def change(
    store: Store,
    account: Json,
    *,
    charges_enabled: bool | None = None,
    payouts_enabled: bool | None = None,
    details_submitted: bool | None = None,
    disabled_reason: str | None = None,
) -> None:
    """Gain or lose abilities, with what goes along with them, and tell by `account.updated`; None leaves as it is."""
    wanted = {
        "charges_enabled": charges_enabled,
        "payouts_enabled": payouts_enabled,
        "details_submitted": details_submitted,
    }
    previous = {name: account[name] for name, value in wanted.items() if value not in (None, account[name])}
    account.update({name: value for name, value in wanted.items() if value is not None})
    able = account["charges_enabled"]
    account["capabilities"] = dict.fromkeys(_CAPABILITIES, "active" if able else "inactive")
    if able:
        account["requirements"] = _requirements([], None)
    elif disabled_reason in REJECTIONS:
        account["requirements"] = _requirements([], disabled_reason)  # Nothing that the owner could still provide.
    elif account["details_submitted"]:
        account["requirements"] = _requirements(["company.verification.document"], disabled_reason or "under_review")
    else:
        account["requirements"] = _requirements(_TO_PROVIDE, disabled_reason or "requirements.past_due")
    emit(store, store.spaces[account["id"]], "account.updated", account, **previous)


def revoke(store: Store, account: Json) -> None:
    """The owner disconnects the platform, or closes the account: from now on it answers 403, whatever is asked."""
    space = store.spaces[account["id"]]
    if space.is_revoked:
        raise StripeError(f"The platform has no access to {account['id']} already.")
    emit(store, space, "account.application.deauthorized", APPLICATION)
    space.is_revoked = True


def reject(store: Store, account: Json, *, reason: str) -> None:
    """Stripe refuses to work for this account: it stays readable, and can neither charge nor be paid out."""
    change(store, account, charges_enabled=False, payouts_enabled=False, disabled_reason=reason)


def restore(store: Store, account: Json) -> None:
    """The platform has access again, with all that happened meanwhile, and the account is able to charge."""
    space = store.spaces[account["id"]]
    if space.is_revoked:
        space.is_revoked = False
        emit(store, space, "account.application.authorized", APPLICATION)
    if not account["charges_enabled"]:
        complete_onboarding(store, account)


def _get(call: Call, account_id: str) -> Json:
    account = call.store.platform.find("account", account_id)
    if account is not None and call.store.spaces[account_id].is_revoked:
        raise account_unreachable(account_id, call.key)
    if account is None or (call.space is not call.store.platform and call.space.account_id != account_id):
        raise account_unreachable(account_id, call.key)
    return account


def _requirements(due: list[str], disabled_reason: str | None) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": disabled_reason,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due) if disabled_reason == "requirements.past_due" else [],
        "pending_verification": [],
    }


def _business_profile() -> Json:
    fields = [
        "mcc",
        "name",
        "product_description",
        "support_address",
        "support_email",
        "support_phone",
        "support_url",
        "url",
    ]
    return dict.fromkeys(fields)


def _settings() -> Json:
    branding = dict.fromkeys(("icon", "logo", "primary_color", "secondary_color"))
    prefixes = ("statement_descriptor_prefix", "statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")
    descriptors = ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
    return {
        "branding": branding,
        "card_payments": {"decline_on": {"avs_failure": False, "cvc_failure": False}, **dict.fromkeys(prefixes)},
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": dict.fromkeys(descriptors),
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }


def _country(value: Any, name: str) -> str:
    code = text(value, name)
    if len(code) != 2 or not code.isalpha():
        raise StripeError(f"Country '{code}' is unknown. Try using a 2-character alphanumeric country code.",
                          code="country_code_invalid", param=name)  # fmt: skip
    return code.upper()


_CONTROLLER: Json = {
    "fees": {"payer": "account"},
    "is_controller": True,
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
    "type": "application",
}
# Who pays Stripe's fees, bears losses and collects what Stripe must know: this product leaves all three to the account
# and to Stripe, and the simulator knows nothing else.
_CONTROLLER_RULES = Shape(
    fees=Shape(payer=one_of("account")),
    losses=Shape(payments=one_of("stripe")),
    requirement_collection=one_of("stripe"),
    stripe_dashboard=Shape(type=one_of("full")),
)

ENDPOINTS = (
    endpoint(
        "POST",
        "/v1/accounts",
        create,
        controller=_CONTROLLER_RULES,
        country=_country,
        default_currency=text,
        email=email,
        metadata=unsettable_metadata,
        type=one_of("standard"),
    ),
    endpoint("GET", "/v1/accounts", list_accounts, **listing.LIST_RULES),
    endpoint("GET", "/v1/accounts/{id}", retrieve),
    endpoint(
        "POST",
        "/v1/account_links",
        create_link,
        required=("account", "type", "refresh_url", "return_url"),
        account=text,
        refresh_url=url,
        return_url=url,
        type=one_of("account_onboarding"),
    ),
)
