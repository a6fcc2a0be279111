"""Replacing functions of MiniStack, with a check that they are there.

Every replacement goes through here.  A MiniStack that renamed or dropped what
the adapter replaces stops the start with the list of what is missing, instead
of answering differently without a word.
"""

import importlib.metadata

from . import MINISTACK_VERSION


class PatchError(Exception):
    """MiniStack is not the version the adapter was written for."""


def check_version():
    found = importlib.metadata.version("ministack")
    if found != MINISTACK_VERSION:
        raise PatchError(f"MiniStack {found} is installed, the adapter was written for {MINISTACK_VERSION}")


def require(module, *names):
    """Assert that `module` has these attributes (used but not replaced)."""
    missing = [name for name in names if not hasattr(module, name)]
    if missing:
        raise PatchError(f"{module.__name__} no longer has {', '.join(missing)}")


def replace(module, name, new):
    """Replace a module's function, in its action table too; returns the old one."""
    require(module, name)
    old = getattr(module, name)
    setattr(module, name, new)
    table = getattr(module, "_ACTION_MAP", None)
    if isinstance(table, dict):
        for action, handler in list(table.items()):
            if handler is old:
                table[action] = new
    return old


def wrap(module, name):
    """Decorator: the new function takes the old one as its first argument."""

    def decorate(function):
        old = getattr(module, name, None)

        def wrapped(*args, **kwargs):
            return function(old, *args, **kwargs)

        wrapped.__doc__ = function.__doc__
        wrapped.__name__ = name
        replace(module, name, wrapped)
        return wrapped

    return decorate


def action(module, name, handler, new=False):
    """Set one entry of a module's action table; it must exist unless `new`."""
    table = getattr(module, "_ACTION_MAP", None)
    if not isinstance(table, dict):
        raise PatchError(f"{module.__name__} no longer has an action table")
    if not new and name not in table:
        raise PatchError(f"{module.__name__} no longer answers {name}")
    table[name] = handler
