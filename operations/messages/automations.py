"""Automations: switching and changing the built-in ones, and those that a company makes itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models import Automation, AutomationLink, AutomationTier, AutomationTrigger, Company
from models.visible import visible
from operations.messages.base_automations import (
    RECIPIENTS,
    built_in,
    link_of,
    message_of,
    name_of,
    recipients_of,
    subject_of,
    unchanged_of,
)
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.automations import TRIGGERS
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.limits import AUTOMATIONS_MAX, NAME_LENGTH_MAX, SUBJECT_LENGTH_MAX
from rules.placeholders import check_placeholders
from rules.roles import PersonRole, RoleNotAllowed

RECIPIENTS_MAX = 100

BUILT_IN_ROLES = (PersonRole.CLIENT, PersonRole.BUYERS_AGENT, PersonRole.LISTING_AGENT)


@dataclass(frozen=True, slots=True)
class SaveAutomation:
    """A new ADVANCED automation, where `automation_id` is None, or what is to be different about one.

    What is None stays as it is.
    """

    automation_id: UUID | None = None
    name: str | None = None
    trigger: AutomationTrigger | None = None
    enabled: bool | None = None
    recipients: Sequence[str] | None = None
    subject: str | None = None
    message: str | None = None
    link: AutomationLink | None = None

    @property
    def columns(self) -> dict[str, object]:
        """Those that are to change."""
        names = ("name", "trigger", "enabled", "recipients", "subject", "message", "link")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@transaction
async def save_automation(principal: Principal, changes: SaveAutomation) -> UUID:
    """Change an automation, or make a new ADVANCED one; returns its key."""
    company = await Company.filter(id=principal.company_id).select_for_update().get()
    with Checks() as check:
        if changes.automation_id is None:
            automation = await _begun(company, changes)
        else:
            automation = await _found(principal, changes.automation_id)
        if automation.tier is AutomationTier.BASE:
            _refuse_changing_base(automation, changes)
        elif not company.advanced_automations_enabled:
            raise Refusal(
                "Advanced automations are not enabled for this company; its owner enables them with updateCompany.",
                field=("automationId",),
                code=ErrorCode.ADVANCED_AUTOMATIONS_REQUIRED,
            )
        _check_changes(check, automation, changes, company.additional_roles)
    await automation.save(force_create=not automation._saved_in_db)
    return automation.id


async def _begun(company: Company, changes: SaveAutomation) -> Automation:
    with Checks() as check:
        for name in ("name", "trigger", "recipients", "subject", "message"):
            if getattr(changes, name) is None:
                check.refuse(Refusal(f"A new automation needs {name}.", field=(name,)))
    if await Automation.filter(company_id=company.id, deleted_at=None).count() >= AUTOMATIONS_MAX:
        raise Refusal(f"A company has at most {AUTOMATIONS_MAX} automations; delete one.", field=("automationId",))
    return Automation(company_id=company.id, tier=AutomationTier.ADVANCED)


async def _found(principal: Principal, automation_id: UUID) -> Automation:
    automation = await visible(Automation, principal).get_or_none(id=automation_id)
    automation = automation or unchanged_of(principal.company_id, automation_id)
    if automation is None:
        raise NotFound("Automation", field=("automationId",))
    return automation


def _refuse_changing_base(automation: Automation, changes: SaveAutomation) -> None:
    fixed = {"name": name_of(automation), "trigger": automation.trigger, "link": link_of(automation)}
    with Checks() as check:
        for name, value in fixed.items():
            if getattr(changes, name) not in (None, value):
                said = f"A base automation's {name} can't be changed; make an ADVANCED automation."
                check.refuse(Refusal(said, field=(name,)))


def _check_changes(check: Checks, automation: Automation, changes: SaveAutomation, additional_roles: list[str]) -> None:
    """Put the changes into the automation; what a base one has as it is declared is not kept."""
    automation.update_from_dict(changes.columns)
    known = TRIGGERS[automation.trigger].placeholders
    automation.name = check(texts.line, name_of(automation), field="name", length_max=NAME_LENGTH_MAX)
    with check.at():
        automation.recipients = check_recipients(automation.tier, recipients_of(automation), additional_roles)
    with check.at():
        line = texts.line(subject_of(automation), field="subject", length_max=SUBJECT_LENGTH_MAX)
        automation.subject = check_placeholders(line, known, field="subject")
    with check.at():
        message = texts.paragraphs(message_of(automation), field="message")
        automation.message = check_placeholders(message, known, field="message")
    if automation.tier is AutomationTier.BASE:
        _forget_what_is_declared(automation)


def _forget_what_is_declared(automation: Automation) -> None:
    declared = built_in(automation)
    automation.recipients = None if automation.recipients == list(RECIPIENTS) else automation.recipients
    automation.subject = None if automation.subject == declared.subject else automation.subject
    automation.message = None if automation.message == declared.message else automation.message


def check_recipients(tier: AutomationTier, recipients: list[str], additional_roles: list[str]) -> list[str]:
    """The recipients, each once. Raises RoleNotAllowed for a role that automations of this tier can't mail (S34)."""
    if not recipients:
        raise RoleNotAllowed("recipients must name at least one role.", field=("recipients",))
    if len(recipients) > RECIPIENTS_MAX:
        raise RoleNotAllowed(f"recipients must name at most {RECIPIENTS_MAX} roles.", field=("recipients",))
    with Checks() as check:
        for place, role in enumerate(recipients):
            with check.at("recipients", place):
                _check_recipient(tier, role, additional_roles)
    return list(dict.fromkeys(recipients))


def _check_recipient(tier: AutomationTier, role: str, additional_roles: list[str]) -> None:
    if role in BUILT_IN_ROLES:
        return
    if role not in additional_roles:
        known = ", ".join([*BUILT_IN_ROLES, *additional_roles])
        raise RoleNotAllowed(f"recipients has {role[:80]}, which is none of {known}.")
    if tier is AutomationTier.BASE:
        raise RoleNotAllowed(
            f"recipients has {role}, an additional role, which base automations can't mail:"
            " make an ADVANCED automation, or use notifyPerson."
        )


@transaction
async def delete_automation(principal: Principal, automation_id: UUID) -> None:
    """Delete an ADVANCED automation; the mails it sent keep naming it."""
    automation = await _found(principal, automation_id)
    if automation.tier is AutomationTier.BASE:
        raise Refusal("A base automation can't be deleted; switch it off instead.", field=("automationId",))
    automation.enabled, automation.deleted_at = False, clock.now()
    await automation.save(update_fields=["enabled", "deleted_at"])
