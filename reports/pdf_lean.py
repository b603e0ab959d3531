"""Takes out of the page what its PDF leaves out, and sets its findings as paragraphs: setting boxes is what takes time.

What print hides goes. Machines about which nothing needs a word stand in the list of machines alone, and what the others
answered stays in the engineer's edition alone (reports.md 8).
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element, SubElement

from . import labels, pdf_words

# Classes of what print hides (page.css, machines.css, pdf.css).
_UNPRINTED = frozenset(
    (
        *("skip", "contents", "controls", "chips", "result", "act2", "pages", "figs", "asked", "seen", "made-up-mark"),
        *("rest", "passing", "met"),
    )
)
_UNPRINTED_TAGS = frozenset(("script", "button", "noscript"))
# Classes of what the client's edition leaves to the page.
_FOR_ENGINEERS = frozenset(("raws", "raw"))
_PROOF = frozenset((labels.WE_KNOW, labels.TO_FIX))


def thin(root: Element, *, full: bool) -> None:
    """Change the page below `root`. `full`: with the answers, as in the engineer's edition."""
    hidden = _UNPRINTED if full else _UNPRINTED | _FOR_ENGINEERS
    _drop(root, lambda element: element.tag in _UNPRINTED_TAGS or bool(_classes(element) & hidden) or _is_folded(element))
    for table in _with_class(root, "fix"):
        _drop(table, lambda element: "plain" in _classes(element))
    for framework in _with_class(root, "fw"):  # how far it is supported, without the questions one by one
        for child in [child for child in framework if child.tag != "summary"]:
            framework.remove(child)
    for body in _with_class(root, "body"):
        _about(body)
    for found in _with_class(root, "found"):
        _run_in(found, full=full)
    _say(root, pdf_words.IN_THE_LIST if full else f"{pdf_words.IN_THE_LIST} {pdf_words.IN_THE_PAGE}")
    _unlink(root)


def _classes(element: Element) -> frozenset[str]:
    return frozenset(element.get("class", "").split())


def _with_class(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if name in _classes(element)]


def _is_folded(element: Element) -> bool:
    """A check where nothing has to be put right."""
    classes = _classes(element)
    return "chk" in classes and "todo" not in classes


def _drop(root: Element, unwanted: Callable[[Element], bool]) -> None:
    """The text that follows an element stays."""
    for parent in list(root.iter()):
        before: Element | None = None
        for child in list(parent):
            if not unwanted(child):
                before = child
                continue
            if child.tail and before is not None:
                before.tail = (before.tail or "") + child.tail
            elif child.tail:
                parent.text = (parent.text or "") + child.tail
            parent.remove(child)


def _about(body: Element) -> None:
    """What kind of machine it is, and its answers, as one text."""
    for place, child in enumerate(list(body)):
        if child.tag != "dl":
            continue
        made = Element("p", {"class": "said"})
        heads, values = ([part for part in child if part.tag == tag] for tag in ("dt", "dd"))
        made.text = " · ".join(f"{_text(head)}: {_text(value)}" for head, value in zip(heads, values, strict=True))
        body[place] = made


def _text(value: Element) -> str:
    """Several pieces without a text of their own around them, such as the answers to the promises, with commas between."""
    around = (value.text or "", *(piece.tail or "" for piece in value))
    if len(value) > 1 and not any(text.strip() for text in around):
        return ", ".join("".join(piece.itertext()).strip() for piece in value)
    return "".join(value.itertext()).strip()


def _run_in(found: Element, *, full: bool) -> None:
    """The list of a finding as lines of one paragraph."""
    for place, child in enumerate(list(found)):
        if child.tag == "dl":
            found[place] = _paragraph(child, full=full)


def _paragraph(listed: Element, *, full: bool) -> Element:
    made = Element("p", {"class": "said"})
    label = ""
    for part in listed:
        if part.tag == "dt":
            label = (part.text or "").strip()
        elif full or label not in _PROOF:
            if len(made):
                SubElement(made, "br")
            SubElement(made, "b").text = f"{label}:"
            part.tag, part.tail = "span", None
            part.text = f" {(part.text or '').lstrip()}"
            made.append(part)
    return made


def _say(root: Element, what: str) -> None:
    section = next((element for element in root.iter("section") if element.get("id") == "detail"), None)
    heading = section.find("h2") if section is not None else None
    if section is not None and heading is not None:
        said = Element("p")
        said.text = what
        section.insert(list(section).index(heading) + 1, said)


def _unlink(root: Element) -> None:
    """Of links to what is not here any more the text is left."""
    ids = {element.get("id") for element in root.iter()}
    for link in root.iter("a"):
        if link.get("href", "").removeprefix("#") not in ids:
            link.attrib.pop("href", None)
