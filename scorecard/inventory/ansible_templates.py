"""`{{ name }}` in a value: replaced by the variable of that name. Anything beyond a name is not evaluated here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scorecard.inventory.ansible_tree import Variable, is_template
from scorecard.yaml_values import Value

_NAME = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}")
_ENVIRONMENT = re.compile(
    r"""\{\{-?\s*lookup\(\s*(?P<quote>['"])(?:ansible\.builtin\.)?env(?P=quote)\s*,\s*"""
    r"""(?P<other>['"])(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P=other)\s*\)\s*-?\}\}"""
)
_MAX_REPLACED = 100
_MAX_TEXT = 10_000


class NotStatic(Exception):
    """The value is only known when Ansible runs. `str()` says why; it quotes nothing."""


def env_reference(value: Value) -> str | None:
    """`env:NAME` for a template that does nothing but look into the environment: a reference of ours says the same."""
    found = _ENVIRONMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"env:{found['name']}" if found else None


class Template:
    """Replaces names for one host. `own`: Ansible's own variables, such as inventory_hostname."""

    def __init__(self, variables: Mapping[str, Variable], own: Mapping[str, str]) -> None:
        self._variables = variables
        self._own = own
        self._replaced = 0

    def value(self, value: Value) -> Value:
        """The value with every name in it replaced. Raises NotStatic."""
        if not is_template(value):
            return value
        text = str(value)
        if whole := _NAME.fullmatch(text.strip()):
            return self._named(whole[1])
        done = _NAME.sub(lambda found: self._text(found[1]), text)
        if is_template(_NAME.sub("", text)):
            raise NotStatic("holds a template that only Ansible can fill in")
        if len(done) > _MAX_TEXT:
            raise NotStatic("grows without end when its names are replaced")
        return done

    def _named(self, name: str) -> Value:
        self._replaced += 1
        if self._replaced > _MAX_REPLACED:
            raise NotStatic("names variables in a circle, or far too many")
        if name in self._own:
            return self._own[name]
        found = self._variables.get(name)
        if found is None or found.value is None:
            raise NotStatic("names a variable that is not set in the inventory, or is encrypted")
        return self.value(found.value)

    def _text(self, name: str) -> str:
        value = self._named(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise NotStatic("names a variable that holds no text")
        return str(value)
