"""Automations: the built-in ones that every company gets, and those it makes itself."""

from typing import Any
from uuid import UUID

from models import Automation, AutomationLink, AutomationTier, AutomationTrigger, Company
from models.visible import visible
from operations.outbox import SUBJECT_LENGTH_MAX
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.errors import ErrorCode, NotFound, Refusal
from rules.placeholders import ALWAYS, AMOUNT, check_placeholders
from rules.roles import PersonRole, RoleNotAllowed

NAME_LENGTH_MAX = 200
AUTOMATIONS_MAX = 100

BUILT_IN_ROLES = (PersonRole.CLIENT, PersonRole.BUYERS_AGENT, PersonRole.LISTING_AGENT)

_BUILT_IN = {
    AutomationTrigger.INSPECTION_SCHEDULED: (
        "Inspection scheduled",
        "Your inspection of {{property_address}}",
        "your inspection of {{property_address}} is planned for {{inspection_date}}, with {{inspector_name}}.",
    ),
    AutomationTrigger.FEE_ADDED: (
        "Charge added",
        "A new charge for the inspection of {{property_address}}",
        "a charge of {{amount}} was added to the inspection of {{property_address}}.",
    ),
    AutomationTrigger.PAYMENT_RECEIVED: (
        "Payment received",
        "A payment for the inspection of {{property_address}}",
        "{{company_name}} received {{amount}} for the inspection of {{property_address}}.",
    ),
    AutomationTrigger.INSPECTION_PAID: (
        "Inspection paid",
        "The inspection of {{property_address}} is paid",
        "nothing remains to be paid for the inspection of {{property_address}}. Thank you!",
    ),
    AutomationTrigger.REPORT_PUBLISHED: (
        "Report published",
        "The report on {{property_address}}",
        "the report on {{property_address}} is ready.",
    ),
}
"""Name, subject and message of the built-in automation for each trigger."""
assert _BUILT_IN.keys() == set(AutomationTrigger)

WITH_AMOUNT = (AutomationTrigger.FEE_ADDED, AutomationTrigger.PAYMENT_RECEIVED, AutomationTrigger.INSPECTION_PAID)


async def insert_base_automations(company_id: UUID) -> None:
    """The built-in automations of a new company, all switched off: nobody gets a mail that nobody asked for."""
    await Automation.bulk_create(
        Automation(
            company_id=company_id,
            name=name,
            tier=AutomationTier.BASE,
            trigger=trigger,
            enabled=False,
            recipients=[PersonRole.CLIENT.value],
            subject=subject,
            message=f"Hello {{{{recipient_name}}}},\n\n{message}",
            link=_portal_of(trigger),
        )
        for trigger, (name, subject, message) in _BUILT_IN.items()
    )


def _portal_of(trigger: AutomationTrigger) -> AutomationLink:
    return AutomationLink.REPORT if trigger is AutomationTrigger.REPORT_PUBLISHED else AutomationLink.CLIENT_PORTAL


@transaction
async def save_automation(principal: Principal, automation_id: UUID | None, changes: dict[str, Any]) -> UUID:
    """Change an automation, or make a new ADVANCED one when `automation_id` is None; returns its key.

    `changes` holds any of name, trigger, enabled, recipients, subject, message and link.
    """
    company = await Company.filter(id=principal.company_id).select_for_update().get()
    automation = await _begun(company, changes) if automation_id is None else await _found(principal, automation_id)
    if automation.tier is AutomationTier.BASE:
        _refuse_changing_base(automation, changes)
    elif not company.advanced_automations_enabled:
        raise Refusal(
            "Advanced automations are not enabled for this company; its owner enables them with updateCompany.",
            field=("automationId",),
            code=ErrorCode.ADVANCED_AUTOMATIONS_REQUIRED,
        )
    automation.update_from_dict(changes)
    automation.name = texts.line(automation.name, field="name", length_max=NAME_LENGTH_MAX)
    automation.recipients = check_recipients(automation.tier, automation.recipients, company.additional_roles)
    _check_words(automation)
    await automation.save(force_create=automation_id is None)
    return automation.id


async def _begun(company: Company, changes: dict[str, Any]) -> Automation:
    for name in ("name", "trigger", "recipients", "subject", "message"):
        if name not in changes:
            raise Refusal(f"A new automation needs {name}.", field=(name,))
    if await Automation.filter(company_id=company.id, deleted_at=None).count() >= AUTOMATIONS_MAX:
        raise Refusal(f"A company has at most {AUTOMATIONS_MAX} automations; delete one.", field=("automationId",))
    return Automation(company_id=company.id, tier=AutomationTier.ADVANCED)


async def _found(principal: Principal, automation_id: UUID) -> Automation:
    automation = await visible(Automation, principal).get_or_none(id=automation_id)
    if automation is None:
        raise NotFound("Automation", field=("automationId",))
    return automation


def _refuse_changing_base(automation: Automation, changes: dict[str, Any]) -> None:
    for name in ("name", "trigger", "link"):
        if name in changes and changes[name] != getattr(automation, name):
            raise Refusal(f"A base automation's {name} can't be changed; make an ADVANCED automation.", field=(name,))


def check_recipients(tier: AutomationTier, recipients: list[str], additional_roles: list[str]) -> list[str]:
    """The recipients, each once. Raises RoleNotAllowed for a role that automations of this tier can't mail (S34)."""
    recipients = list(dict.fromkeys(recipients))
    if not recipients:
        raise RoleNotAllowed("recipients must name at least one role.", field=("recipients",))
    for role in recipients:
        if role in BUILT_IN_ROLES:
            continue
        if role not in additional_roles:
            known = ", ".join([*BUILT_IN_ROLES, *additional_roles])
            raise RoleNotAllowed(f"recipients has {role[:80]}, which is none of {known}.", field=("recipients",))
        if tier is AutomationTier.BASE:
            raise RoleNotAllowed(
                f"recipients has {role}, an additional role, which base automations can't mail:"
                " make an ADVANCED automation, or use notifyPerson.",
                field=("recipients",),
            )
    return recipients


def _check_words(automation: Automation) -> None:
    known = (*ALWAYS, AMOUNT) if automation.trigger in WITH_AMOUNT else ALWAYS
    subject = texts.line(automation.subject, field="subject", length_max=SUBJECT_LENGTH_MAX)
    automation.subject = check_placeholders(subject, known, field="subject")
    message = texts.paragraphs(automation.message, field="message")
    automation.message = check_placeholders(message, known, field="message")


@transaction
async def delete_automation(principal: Principal, automation_id: UUID) -> None:
    """Delete an ADVANCED automation; the mails it sent keep naming it."""
    automation = await _found(principal, automation_id)
    if automation.tier is AutomationTier.BASE:
        raise Refusal("A base automation can't be deleted; switch it off instead.", field=("automationId",))
    automation.enabled, automation.deleted_at = False, clock.now()
    await automation.save(update_fields=["enabled", "deleted_at"])
