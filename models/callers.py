"""Who asks, found by SQL: the one row that everything in a compiled read is seen from, while their rights last.

Each row has `company_id`, whether it is `staff` who ask, when (`now`), and what the conditions in `models.conditions`
compare. The operations that sign people in and follow links find the same (`operations.identity`).
"""

SESSION = """
    select s.company_id, s.user_id, s.id as session_id, true as staff, {given.now} as now
      from sign_ins s
     where s.id = {given.session_id} and s.revoked_at is null
"""
"""A staff member, by the session that their access token names."""

_IS_GUEST = """
    (g.issued_by = 'CLIENT_SHARE' or (g.issued_by = 'AUTOMATION' and not exists (
        select from inspection_people client
         where client.company_id = g.company_id and client.inspection_id = g.inspection_id
           and client.person_id = g.person_id and client.role = 'CLIENT' and client.removed_at is null)))
"""


def _link(kind: str, columns: str) -> str:
    """Whoever follows a link of that kind. One that was shared from another is good only as long as that one is."""
    return f"""
    select g.company_id, g.id as grant_id, false as staff, {{given.now}} as now, {columns}
      from grants g left join grants parent on parent.company_id = g.company_id and parent.id = g.parent_id
     where g.token_hash = {{given.token_hash}} and g.kind = '{kind}'
       and g.revoked_at is null and g.expires_at > {{given.now}}
       and (g.parent_id is null or (parent.revoked_at is null and parent.expires_at > {{given.now}}))
    """  # noqa: S608 - constants of this module


CLIENT_LINK = _link("CLIENT_PORTAL", f"g.inspection_id, g.person_id, {_IS_GUEST} as guest")
PAYER_LINK = _link("PAYMENT_PORTAL", "g.invoice_id")
