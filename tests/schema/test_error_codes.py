"""The codes that the server answers with by itself are among those that the API documents."""

from graphql_server import errors
from rules.errors import ErrorCode


def test_every_code_of_the_server_is_one_of_the_schema() -> None:
    assert {code.value for code in errors.ErrorCode} <= {code.value for code in ErrorCode}
