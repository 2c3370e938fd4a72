"""The toy schema, built once, and an executor over it."""

import pytest

from graphql_server.api import Api
from graphql_server.executor import Executor
from tests.graphql_server.toy import toy_api


@pytest.fixture(scope="session")
def api() -> Api:
    return toy_api()


@pytest.fixture
def executor(api: Api) -> Executor:
    return Executor(api, introspection=True)
