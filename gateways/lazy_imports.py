"""Modules that are loaded when something of them is used first."""

import importlib.util
import sys
from types import ModuleType


def import_when_used(name: str) -> ModuleType:
    """The module, which loads with the first look at anything of it. An import statement elsewhere loads it as well.

    Of one thread alone: Python 3.11 does not keep two from loading the same module side by side.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    assert spec is not None, "it is installed"
    assert spec.loader is not None, "it is a module"
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
