"""Makes the page's drawings stand on their own, since a PDF takes each as a picture that knows no rules and no neighbour.

Colours and sizes that the page's rules give become attributes; symbols and patterns that are defined once are copied to
where they are used. Works on the tree that WeasyPrint reads; cssselect2 and tinycss2 come with it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any
from xml.etree.ElementTree import Element

_SVG = "{http://www.w3.org/2000/svg}"
_TAKEN = frozenset(
    (
        *("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap"),
        *("font-size", "font-weight", "opacity"),
    )
)
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
_REFERENCE = re.compile(r"url\(#([\w-]+)\)")
_FONTS = "Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"  # as the page around it


def settle(root: Element) -> None:
    """Change every drawing below `root` so that it needs nothing from outside itself."""
    styles = _Styles("".join(style.text or "" for style in root.iter("style")))
    by_id = {element.get("id", ""): element for element in root.iter() if "id" in element.attrib}
    wrapper = import_module("cssselect2").ElementWrapper.from_html_root(root, content_language=None)
    drawings = [found for found in wrapper.iter_subtree() if found.etree_element.tag == f"{_SVG}svg"]
    for drawing in drawings:  # the definitions as well, before anything is copied from them
        for part in drawing.iter_subtree():
            styles.apply(part)
        drawing.etree_element.set("color", styles.colour_of(drawing))
        drawing.etree_element.set("font-family", _FONTS)
        _name(drawing.etree_element)
    for drawing in drawings:
        _fill_in(drawing.etree_element, by_id)


def _name(drawing: Element) -> None:
    """What a screen reader says of it stands in its title, where PDF looks for it."""
    label = drawing.get("aria-label")
    if label and drawing.find(f"{_SVG}title") is None:
        title = Element(f"{_SVG}title")
        title.text = label
        drawing.insert(0, title)


def _fill_in(drawing: Element, by_id: dict[str, Element]) -> None:
    for parent in list(drawing.iter()):
        children: list[Element] = []
        for child in parent:
            symbol = by_id.get(child.get("href", "").removeprefix("#")) if child.tag == f"{_SVG}use" else None
            children += [child] if symbol is None else [copy.deepcopy(part) for part in symbol]
            if symbol is not None:
                drawing.set("viewBox", drawing.get("viewBox", symbol.get("viewBox", "")))
        parent[:] = children
    own = {element.get("id") for element in drawing.iter()}
    wanted = {name for element in drawing.iter() for name in _REFERENCE.findall(element.get("fill", ""))} - own
    for name in sorted(wanted & by_id.keys()):
        drawing.insert(0, copy.deepcopy(by_id[name]))


class _Styles:
    """The rules of a style sheet that hold in print, for the properties of drawings."""

    def __init__(self, text: str) -> None:
        self._tinycss2, cssselect2 = import_module("tinycss2"), import_module("cssselect2")
        self._matcher = cssselect2.Matcher()
        self._variables: dict[str, str] = {}
        for rule in self._rules(self._tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)):
            declared = {
                declaration.lower_name: self._tinycss2.serialize(declaration.value).strip()
                for declaration in self._tinycss2.parse_blocks_contents(rule.content)
                if declaration.type == "declaration"
            }
            self._variables |= {name: value for name, value in declared.items() if name.startswith("--")}
            drawn = {name: value for name, value in declared.items() if name in _TAKEN or name == "color"}
            for selector in self._selectors(cssselect2, rule) if drawn else ():
                self._matcher.add_selector(selector, drawn)

    def _rules(self, rules: Iterable[Any]) -> Iterator[Any]:
        for rule in rules:
            if rule.type == "qualified-rule":
                yield rule
            elif self._is_for_print(rule) and rule.content is not None:
                yield from self._rules(self._tinycss2.parse_rule_list(rule.content, True, True))

    def _is_for_print(self, rule: Any) -> bool:
        if rule.type != "at-rule" or rule.lower_at_keyword != "media":
            return False
        prelude: str = self._tinycss2.serialize(rule.prelude)
        return prelude.strip() == "print"

    @staticmethod
    def _selectors(cssselect2: Any, rule: Any) -> list[Any]:
        """None for what is about no element of the tree, such as a box that a browser makes."""
        try:
            return [found for found in cssselect2.compile_selector_list(rule.prelude) if found.pseudo_element is None]
        except cssselect2.SelectorError:
            return []

    def _declared(self, element: Any) -> dict[str, str]:
        """What holds for the element itself, the strongest rule last and winning."""
        found: dict[str, str] = {}
        for _specificity, _order, _pseudo, declared in self._matcher.match(element):
            found |= declared
        return {
            name: _VARIABLE.sub(lambda match: self._variables.get(match[1], ""), value) for name, value in found.items()
        }

    def apply(self, part: Any) -> None:
        for name, value in self._declared(part).items():
            if name in _TAKEN:
                part.etree_element.set(name, value)

    def colour_of(self, element: Any) -> str:
        """The text colour there, from the element itself or the nearest around it that has one."""
        around = element
        while around is not None:
            colour = self._declared(around).get("color", "inherit")
            if colour != "inherit":
                return colour
            around = around.parent
        return "black"
