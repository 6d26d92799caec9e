"""Which own functions are called after which actions, and where they come from."""

import importlib
import importlib.util
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

from punnet.errors import BadSetting
from punnet.handlers.event import Event
from punnet.market import UserAction

Function: TypeAlias = Callable[[Event], Awaitable[None] | None]
F = TypeVar("F", bound=Function)


class Handler(NamedTuple):
    """An own function, and the actions after which it is called."""

    name: str
    actions: frozenset[UserAction]
    function: Function


_registered: list[Handler] = []


def on(*actions: str) -> Callable[[F], F]:
    """Have the function below called after each of `actions`; ValueError where one of them is none."""
    unknown = [name for name in actions if name not in UserAction.__members__]
    if unknown or not actions:
        said = f'"{unknown[0]}"' if unknown else "nothing"
        raise ValueError(f"{said} is no action: use {', '.join(UserAction)}")

    def register(function: F) -> F:
        name = f"{function.__module__}.{function.__qualname__}"
        _registered.append(Handler(name, frozenset(map(UserAction, actions)), function))
        return function

    return register


def load(name: str) -> tuple[Handler, ...]:
    """Return the handlers that the module `name` registers, or the file where it ends in `.py`; none for "".

    A module is looked for in the working directory too, and what a file imports beside it. Raises BadSetting
    where it cannot be imported or registers nothing.
    """
    if not name:
        return ()
    before = len(_registered)
    try:
        _import_file(Path(name)) if name.endswith(".py") else _import_module(name)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise BadSetting(f'HANDLERS is "{name}", which cannot be imported ({why})') from error
    if len(_registered) == before:
        how = 'write @punnet.on("ADD_TO_CART") above a function'
        raise BadSetting(f'HANDLERS is "{name}", which registers no handler: {how}')
    return tuple(_registered[before:])


def _import_module(name: str) -> None:
    sys.path.insert(0, str(Path.cwd()))
    importlib.import_module(name)


def _import_file(path: Path) -> None:
    """Import a file under a name that no other module has."""
    sys.path.insert(0, str(path.resolve().parent))
    name = f"own.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not Python")
    module = importlib.util.module_from_spec(spec)
    # Classes look for their module there while it is being made.
    sys.modules[name] = module
    spec.loader.exec_module(module)
