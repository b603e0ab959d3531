"""The scorecard as PDF: the page in its print form, set by WeasyPrint, which comes with the extra `pdf`.

Nothing is fetched, whatever stands in the page. Needs the libraries Pango and HarfBuzz of the system.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from importlib import import_module
from pathlib import Path
from types import ModuleType
from xml.etree.ElementTree import Element, SubElement

from scorecard.errors import InputError, ReportError
from scorecard.reporting import Report

from . import html, pdf_drawings, pdf_lean, pdf_words, templating
from . import view as views
from .view import View


def _weasyprint() -> ModuleType:
    """Raises InputError with what to install."""
    try:
        return import_module("weasyprint")
    except ImportError as error:
        raise InputError(pdf_words.NOT_INSTALLED) from error
    except OSError as error:  # a library of the system that it loads by name
        raise InputError(pdf_words.no_library(str(error).partition("\n")[0])) from error


def ready() -> None:
    """Whether PDF can be written here. Raises InputError."""
    _weasyprint()


def write(view: View, path: Path) -> None:
    """Write the PDF at `path`. Raises InputError where WeasyPrint is missing, ReportError where it cannot be written."""
    weasyprint = _weasyprint()
    within = weasyprint.urls.URLFetcher(allowed_protocols={"data"})  # what stands in the page itself, such as a logo
    document = weasyprint.HTML(string=html.page(view), url_fetcher=within)
    root: Element = document.etree_element
    pdf_lean.thin(root, full=view.edition.full_evidence)
    pdf_drawings.settle(root)
    _dress(root, view)
    document.wrapper_element = import_module("cssselect2").ElementWrapper.from_html_root(root, content_language=None)
    identifier = hashlib.sha256(f"{view.id} {view.edition.name}".encode()).digest()[:16]
    with _uncollected():
        written: bytes = document.write_pdf(pdf_tags=True, pdf_identifier=identifier)
    try:
        path.write_bytes(written)
    except OSError as error:
        raise ReportError(f"{path}: the PDF cannot be written: {error.strerror or error}") from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for circles: the boxes all live to the end, and looking through them takes a third longer."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _dress(root: Element, view: View) -> None:
    """What a PDF has and a page has not: its author and day, a line at the foot of each page, and its own rules."""
    head, body = root.find("head"), root.find("body")
    if head is None or body is None:
        raise ReportError("the page has no head or no body")
    for name, content in (
        ("author", view.provider),
        ("generator", f"scorecard {view.tool_version}"),
        ("dcterms.created", view.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("dcterms.modified", view.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    ):
        SubElement(head, "meta", {"name": name, "content": content})
    SubElement(head, "style").text = templating.environment().get_template("pdf.css").render()
    foot = Element("p", {"class": "pdf-foot"})
    foot.text = pdf_words.foot(view.client, view.day)
    body.insert(0, foot)


REPORT = Report("pdf", ".pdf", views.build, write, ready=ready)
