"""Mutations of automations."""

import strawberry

import resolvers.automations as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.automations import DeleteAutomationInput, SaveAutomationInput
from schema.payloads import AutomationPayload, DeleteAutomationPayload


@strawberry.type(description="Mutations of automations.")
class AutomationsMutations:
    save_automation = mutation(
        resolve.save_automation,
        INSPECTOR,
        takes=SaveAutomationInput,
        returns=AutomationPayload,
        description="Change an automation or make a new one. ADVANCED ones need advancedAutomationsEnabled.",
    )
    delete_automation = mutation(
        resolve.delete_automation,
        INSPECTOR,
        takes=DeleteAutomationInput,
        returns=DeleteAutomationPayload,
        description="Delete an ADVANCED automation; BASE ones can only be switched off.",
    )
