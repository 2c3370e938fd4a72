"""The only place that reads the environment: settings, resources, routes, sign-in and the command line."""

import sys

# structlog loads rich, if it is there, for tracebacks in colour, which we never print: 6 MB and a tenth of a second.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # How Python spells "not to be found".
import structlog  # noqa: E402, F401

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich
