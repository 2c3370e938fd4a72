"""Mutations of inspections."""

import strawberry

import resolvers.inspections as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.inspections import (
    CancelInspectionInput,
    CreateInspectionInput,
    PublishReportInput,
    SetNotificationsDisabledInput,
    UnlockReportInput,
    UpdateInspectionInput,
)
from schema.payloads import InspectionPayload


@strawberry.type(description="Mutations of inspections.")
class InspectionsMutations:
    create_inspection = mutation(
        resolve.create_inspection,
        INSPECTOR,
        takes=CreateInspectionInput,
        returns=InspectionPayload,
        description="Create an inspection with its People box, charges and primary invoice.",
    )
    update_inspection = mutation(
        resolve.update_inspection,
        INSPECTOR,
        takes=UpdateInspectionInput,
        returns=InspectionPayload,
        description="Change an inspection. The address on sent invoices stays as it was.",
    )
    cancel_inspection = mutation(
        resolve.cancel_inspection,
        INSPECTOR,
        takes=CancelInspectionInput,
        returns=InspectionPayload,
        description="Call an inspection off; refused while a separate invoice is live.",
    )
    set_notifications_disabled = mutation(
        resolve.set_notifications_disabled,
        INSPECTOR,
        takes=SetNotificationsDisabledInput,
        returns=InspectionPayload,
        description="Stop or resume all automatic mails about an inspection.",
    )
    publish_report = mutation(
        resolve.publish_report,
        INSPECTOR,
        takes=PublishReportInput,
        returns=InspectionPayload,
        description="Publish the report, or move it. Automations that wait for it are set off once.",
    )
    unlock_report = mutation(
        resolve.unlock_report,
        INSPECTOR,
        takes=UnlockReportInput,
        returns=InspectionPayload,
        description="Show the report to the client although not everything is paid.",
    )
