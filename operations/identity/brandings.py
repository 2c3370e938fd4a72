"""How a company presents itself, as its owner wants it."""

from dataclasses import dataclass

from models import Branding, Logo
from operations.audit_log import record_of_company
from operations.identity.logos import Picture, redraw
from operations.transactions import transaction
from rules import texts
from rules.access import Principal, require_owner
from rules.checks import Checks
from rules.colors import DEFAULT_COLOR, color, text_color
from rules.limits import LOGOS_KEPT_MAX, PHONE_LENGTH_MAX, POSTAL_ADDRESS_LENGTH_MAX, TAX_ID_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class UpdateBranding:
    """What is to be different; None leaves a thing as it is, and the empty text removes it. The logo is in base64."""

    color: str | None = None
    postal_address: str | None = None
    phone: str | None = None
    email: str | None = None
    tax_id: str | None = None
    logo: str | None = None


async def update_branding(principal: Principal, changes: UpdateBranding) -> None:
    """Change it; for the owner alone. What was mailed before keeps what it said, and its pictures for a while."""
    require_owner(principal)
    picture = None
    with Checks() as check:
        values = _checked(check, changes)
        with check.at():
            picture = await redraw(changes.logo, company_id=principal.company_id) if changes.logo else None
    await _update_branding(principal, values, picture, logo_removed=changes.logo == "")


def _checked(check: Checks, changes: UpdateBranding) -> dict[str, str | None]:
    """The columns to set."""
    values: dict[str, str | None] = {}
    if changes.color is not None:
        values["color"] = check(color, changes.color, field="color") if changes.color else DEFAULT_COLOR
        values["text_color"] = text_color(values["color"]) if values["color"] else None
    if changes.postal_address is not None:
        values["postal_address"] = changes.postal_address and check(
            texts.paragraphs, changes.postal_address, field="postalAddress", length_max=POSTAL_ADDRESS_LENGTH_MAX
        )
    if changes.phone is not None:
        values["phone"] = changes.phone and check(texts.line, changes.phone, field="phone", length_max=PHONE_LENGTH_MAX)
    if changes.email is not None:
        values["email"] = changes.email and check(texts.email_address, changes.email, field="email")
    if changes.tax_id is not None:
        values["tax_id"] = changes.tax_id and check(
            texts.line, changes.tax_id, field="taxId", length_max=TAX_ID_LENGTH_MAX
        )
    return {name: value or None for name, value in values.items()}


@transaction
async def _update_branding(
    principal: Principal, values: dict[str, str | None], picture: Picture | None, *, logo_removed: bool
) -> None:
    branding = await Branding.filter(company_id=principal.company_id).select_for_update().get()
    before = _snapshot(branding)
    branding.update_from_dict(dict(values))
    if picture is not None:
        await _keep(branding, picture)
    elif logo_removed:
        # Whoever removes a picture wants it gone, also from where earlier mails refer to it.
        await Logo.filter(company_id=branding.company_id).delete()
        branding.logo = None
    await branding.save()
    await record_of_company(
        branding.company_id, "branding.updated", branding.id, by=principal, before=before, after=_snapshot(branding)
    )


async def _keep(branding: Branding, picture: Picture) -> None:
    await Logo.get_or_create(
        name=picture.name, defaults={"company_id": branding.company_id, "content": picture.content}
    )
    branding.logo = picture.name
    earlier = Logo.filter(company_id=branding.company_id).exclude(name=picture.name)
    kept = await earlier.order_by("-id").limit(LOGOS_KEPT_MAX - 1).values_list("id", flat=True)
    await earlier.exclude(id__in=list(kept)).delete()


def _snapshot(branding: Branding) -> dict[str, str | None]:
    return {name: getattr(branding, name) for name in ("color", "postal_address", "phone", "email", "tax_id", "logo")}
