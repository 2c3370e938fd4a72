"""What speaks GraphQL runs without the product: everything of it, and the toy API over HTTP and websockets."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = {"app", "workers", "schema", "resolvers", "operations", "gateways", "models", "rules", "sandbox"}
LOADED = """
import pkgutil, sys
import graphql_server
for module in pkgutil.walk_packages(graphql_server.__path__, "graphql_server."):
    __import__(module.name)
from tests.graphql_server import edge, toy_server
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_toy_api_loads_nothing_of_the_product() -> None:
    """In a process of its own, where nobody else has loaded the product already."""
    loaded = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    packages = set(loaded.stdout.split())
    assert {"graphql_server", "strawberry"} <= packages
    assert packages & PRODUCT == set()
