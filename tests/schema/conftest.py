"""The toy schema, built once, and an executor over it."""

import pytest

from schema.api import Api
from schema.executor import Executor
from tests.schema.toy import toy_api


@pytest.fixture(scope="session")
def api() -> Api:
    return toy_api()


@pytest.fixture
def executor(api: Api) -> Executor:
    return Executor(api, introspection=True)
