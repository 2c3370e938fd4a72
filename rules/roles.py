"""The roles a person may have on an inspection."""

from enum import StrEnum

from rules.errors import ErrorCode, Refusal


class PersonRole(StrEnum):
    """A place in the People box; ADDITIONAL ones carry a name the company chose."""

    CLIENT = "CLIENT"
    BUYERS_AGENT = "BUYERS_AGENT"
    LISTING_AGENT = "LISTING_AGENT"
    ADDITIONAL = "ADDITIONAL"


ROLE_NAMES = {
    PersonRole.CLIENT: "Client",
    PersonRole.BUYERS_AGENT: "Buyer's agent",
    PersonRole.LISTING_AGENT: "Listing agent",
}


class RoleNotAllowed(Refusal):
    """A role name that the company has not set up, or one where none belongs."""

    code = ErrorCode.ROLE_NOT_ALLOWED


def role_name(role: PersonRole, name: str | None, *, additional_roles: list[str]) -> str:
    """What the role is called. Raises RoleNotAllowed unless an ADDITIONAL one is among the company's."""
    if role is not PersonRole.ADDITIONAL:
        if name not in (None, "", ROLE_NAMES[role]):
            raise RoleNotAllowed("roleName belongs to role ADDITIONAL only.", field=("roleName",))
        return ROLE_NAMES[role]
    if name not in additional_roles:
        known = ", ".join(additional_roles) or "none yet"
        raise RoleNotAllowed(f"roleName must be one of the company's additional roles ({known}).", field=("roleName",))
    assert name is not None
    return name
