"""Who asks, for what is read by SQL: how each scope is found by what its principals have (`Principal.credentials`)."""

from collections.abc import Mapping
from typing import Final

from graphql_server.reads import NOBODY, Caller, Scope
from models.callers import CLIENT_LINK, PAYER_LINK, SESSION
from rules import access

_NOW: Final = {"now": "timestamptz"}
_BY_LINK: Final = {"token_hash": "text", **_NOW}

CALLERS: Final[Mapping[Scope, Caller]] = {
    None: NOBODY,
    access.Scope.INSPECTOR: Caller(SESSION, {"session_id": "uuid", **_NOW}, tells=("company_id", "user_id")),
    access.Scope.CLIENT: Caller(CLIENT_LINK, _BY_LINK, tells=("company_id", "grant_id")),
    access.Scope.PAYER: Caller(PAYER_LINK, _BY_LINK, tells=("company_id", "grant_id")),
}
