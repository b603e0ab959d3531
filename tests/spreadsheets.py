"""What makes Excel offer to repair a workbook: rules of the file format (ECMA-376) and limits of the program.

There is no Excel where the tests run. Each rule is one that Excel is known to be strict about; `faults` names every breach.
"""

from __future__ import annotations

import itertools
import posixpath
import re
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from openpyxl.utils.cell import column_index_from_string, range_boundaries

ROWS, COLUMNS = 1_048_576, 16_384
LINKS, STRING, FORMULA, LIST, NAME, HEADER, MESSAGE = 65_530, 32_767, 8_192, 255, 255, 255, 255
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
# CT_Worksheet: a sequence.
ORDER = (
    *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection"),
    *("protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells"),
    *("phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup"),
    *("headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing"),
    *("legacyDrawing", "legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"),
)
NUMBER = r"-?\d+(\.\d+)?([eE][-+]?\d+)?"
BUILT_IN_FORMATS = 164  # number formats below are the program's own
_Box = tuple[int, int, int, int]  # first column and row, last column and row, from 1


def box(ref: str) -> _Box | None:
    """None where it is no range that a sheet has."""
    plain = ref.replace("$", "")
    if not re.fullmatch(r"[A-Z]{1,3}[1-9]\d*(:[A-Z]{1,3}[1-9]\d*)?", plain):
        return None
    first_column, first_row, last_column, last_row = (int(edge or 0) for edge in range_boundaries(plain))
    inside = first_column <= last_column <= COLUMNS and first_row <= last_row <= ROWS
    return (first_column, first_row, last_column, last_row) if inside else None


def overlap(one: _Box, other: _Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def twice(names: Iterable[str]) -> list[str]:
    """Those that come more than once, capitals or not."""
    return [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]


def unescaped(text: str) -> str:
    """As a spreadsheet reads what stands in the file."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def text_of(element: ET.Element | None, path: str = "") -> str:
    found = element if element is None or not path else element.find(path)
    return "" if found is None else found.text or ""


class Broken(Exception):
    """So much is wrong that the rest cannot be looked at."""


@dataclass(frozen=True)
class Package:
    """The parts of a workbook, by their names there."""

    parts: Mapping[str, ET.Element]
    names: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Package:
        """Raises Broken for a part that is no XML."""
        parts = {}
        with zipfile.ZipFile(path) as package:
            for name in package.namelist():
                try:
                    parts[name] = ET.fromstring(package.read(name))
                except ET.ParseError as error:
                    raise Broken(f"{name}: {error}") from error
            return cls(parts, tuple(package.namelist()))

    def related(self, part: str) -> dict[str, str]:
        """By id the part that another leads to."""
        folder, name = posixpath.split(part)
        relations = self.parts.get(f"{folder}/_rels/{name}.rels")
        return {} if relations is None else {one.attrib["Id"]: self.target(part, one.attrib["Target"]) for one in relations}

    @staticmethod
    def target(part: str, target: str) -> str:
        joined = target if target.startswith("/") else posixpath.join(posixpath.dirname(part), target)
        return posixpath.normpath(joined).lstrip("/")

    @cached_property
    def sheets(self) -> dict[str, str]:
        """By title the part that holds it."""
        related = self.related("xl/workbook.xml")
        return {one.attrib["name"]: related[one.attrib[RELATION]] for one in self.book.iter(f"{MAIN}sheet")}

    @property
    def book(self) -> ET.Element:
        return self.parts["xl/workbook.xml"]

    @cached_property
    def tables(self) -> dict[str, list[ET.Element]]:
        """By title of the sheet, as its own list of parts says."""
        found = {}
        for title, part in self.sheets.items():
            related = self.related(part)
            found[title] = [self.parts[related[one.attrib[RELATION]]] for one in self.parts[part].iter(f"{MAIN}tablePart")]
        return found

    @cached_property
    def defined(self) -> list[ET.Element]:
        return list(self.book.iter(f"{MAIN}definedName"))


def faults(path: Path) -> list[str]:
    """What is wrong with the workbook, a line each; nothing where Excel opens it without a word."""
    try:
        package = Package.read(path)
        looks = (_packing, _book, _styles, _sheets, _tables, _charts)
        return [fault for look in looks for fault in look(package)]
    except Broken as error:
        return [str(error)]


def _packing(package: Package) -> Iterator[str]:
    yield from (f"{name} is there twice" for name in twice(package.names))
    types = package.parts["[Content_Types].xml"]
    ends = {one.attrib["Extension"] for one in types if "Extension" in one.attrib}
    named = [one.attrib["PartName"].lstrip("/") for one in types if "PartName" in one.attrib]
    yield from (f"{name} has a type and is not there" for name in set(named) - set(package.names))
    for name in package.names:
        if name.endswith(".xml") and name != "[Content_Types].xml" and name not in named:
            yield f"{name} has no type"  # "xml" alone says that it is XML, not what it is
        if name.rpartition(".")[2] not in ends and name not in named:
            yield f"{name} has no type"
    for name in (one for one in package.names if one.endswith(".rels")):
        relations = package.parts[name]
        part = posixpath.join(posixpath.dirname(posixpath.dirname(name)), posixpath.basename(name).removesuffix(".rels"))
        yield from (f"{name}: {id_} is there twice" for id_ in twice(one.attrib["Id"] for one in relations))
        lost = {package.target(part, one.attrib["Target"]) for one in relations} - set(package.names)
        if lost:
            raise Broken(f"{name} leads to {lost}")


def _book(package: Package) -> Iterator[str]:
    titles = list(package.sheets)
    yield from (f"two sheets {title!r}" for title in twice(titles))
    ids = [one.attrib["sheetId"] for one in package.book.iter(f"{MAIN}sheet")]
    yield from (f"two sheets of the id {id_}" for id_ in twice(ids))
    for title in titles:
        if not 1 <= len(title) <= 31 or re.search(r"[\[\]:*?/\\]|^'|'$", title):
            yield f"no title for a sheet: {title!r}"
    scoped = [(one.attrib.get("localSheetId", ""), one.attrib["name"]) for one in package.defined]
    yield from (f"two names {name!r}" for name in twice(f"{scope}!{name}" for scope, name in scoped))
    for one in package.defined:
        name, scope = one.attrib["name"], one.attrib.get("localSheetId", "0")
        looks_like_a_cell = re.fullmatch(r"[A-Za-z]{1,3}\d+|[Rr]\d*([Cc]\d*)?|[Cc]\d*", name)
        if looks_like_a_cell or len(name) > NAME or not re.fullmatch(r"[A-Za-z_\\][\w.\\]*", name):
            yield f"no name for a range: {name!r}"
        if int(scope) >= len(titles):
            yield f"the name {name} is of a sheet that is not there"
        for sheet, ref in re.findall(r"(?:^|,)(?:'([^']+)'|\w+)!([^,]+)", one.text or "") or [("", "")]:
            rows = re.fullmatch(r"\$(\d+):\$(\d+)", ref)
            if (sheet or (one.text or "").partition("!")[0]) not in titles or not (box(ref) or rows):
                yield f"the name {name} stands for {one.text!r}"


def _styles(package: Package) -> Iterator[str]:
    styles = package.parts["xl/styles.xml"]
    numbers = styles.iterfind(f"{MAIN}numFmts/{MAIN}numFmt")
    formats = {int(one.attrib["numFmtId"]): one.attrib["formatCode"] for one in numbers}
    for code in formats.values():
        if len(code) > NAME or code.count(";") > 3:
            yield f"no format for numbers: {code!r}"
    for group in ("fonts", "fills", "borders", "cellXfs", "dxfs"):
        element = styles.find(f"{MAIN}{group}")
        if element is not None and int(element.attrib["count"]) != len(element):
            yield f"{group}: {element.attrib['count']} said, {len(element)} there"
    for place, one in enumerate(styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf")):
        for key, group in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
            if int(one.attrib[key]) >= len(styles.findall(f"{MAIN}{group}/*")):
                yield f"style {place} has {key} {one.attrib[key]}"
        number = int(one.attrib["numFmtId"])
        if number >= BUILT_IN_FORMATS and number not in formats:
            yield f"style {place} has a format that is not there"


def _sheets(package: Package) -> Iterator[str]:
    styles = package.parts["xl/styles.xml"]
    looks, differing = (len(styles.findall(f"{MAIN}{group}/*")) for group in ("cellXfs", "dxfs"))
    columns = {table.attrib["displayName"]: _titles(table) for tables in package.tables.values() for table in tables}
    names = {one.attrib["name"] for one in package.defined}
    for title, part in package.sheets.items():
        sheet = package.parts[part]
        for fault in (
            *_order(sheet),
            *_cells(sheet, looks),
            *_formulas(sheet, columns, names),
            *_ranges(sheet, differing),
            *_rules(sheet),
            *_links(sheet, package.sheets),
            *_paper(sheet),
        ):
            yield f"{title}: {fault}"


def _titles(table: ET.Element) -> list[str]:
    return [unescaped(one.attrib["name"]) for one in table.iter(f"{MAIN}tableColumn")]


def _order(sheet: ET.Element) -> Iterator[str]:
    tags = [one.tag.removeprefix(MAIN) for one in sheet]
    yield from (f"no part of a sheet: {tag}" for tag in tags if tag not in ORDER)
    known = [ORDER.index(tag) for tag in tags if tag in ORDER]
    if known != sorted(known):
        yield f"not in their order: {tags}"
    single = [tag for tag in tags if tag != "conditionalFormatting"]
    yield from (f"{tag} twice" for tag in twice(single))


def _cells(sheet: ET.Element, looks: int) -> Iterator[str]:
    above = 0
    for row in sheet.iterfind(f"{MAIN}sheetData/{MAIN}row"):
        number = int(row.attrib["r"])
        if not above < number <= ROWS:
            yield f"row {number} after row {above}"
        above = number
        if float(row.attrib.get("ht", 0)) > 409:
            yield f"row {number} is too high"
        before = 0
        for cell in row:
            letters = re.fullmatch(rf"([A-Z]{{1,3}}){number}", cell.attrib["r"])
            column = column_index_from_string(letters[1]) if letters else 0
            if not before < column <= COLUMNS:
                yield f"{cell.attrib['r']} in row {number} after column {before}"
            before = column
            if int(cell.attrib.get("s", 0)) >= looks:
                yield f"{cell.attrib['r']} has a style that is not there"
            yield from _value(cell)


def _value(cell: ET.Element) -> Iterator[str]:
    kind, value = cell.attrib.get("t", "n"), cell.find(f"{MAIN}v")
    if kind not in ("n", "str", "inlineStr", "b", "e"):
        yield f"{cell.attrib['r']} is of the kind {kind}"
    is_blank = cell.find(f"{MAIN}f") is not None and text_of(value) == ""  # a formula that comes to an empty text
    if kind == "n" and value is not None and not (is_blank or re.fullmatch(NUMBER, text_of(value))):
        yield f"{cell.attrib['r']} is no number: {value.text!r}"
    if sum(len(unescaped(one.text or "")) for one in cell.iter(f"{MAIN}t")) > STRING:
        yield f"{cell.attrib['r']} has too long a text"


def _formulas(sheet: ET.Element, columns: Mapping[str, list[str]], names: set[str]) -> Iterator[str]:
    for one in sheet.iter(f"{MAIN}f"):
        formula = one.text or ""
        bare = re.sub(r'"[^"]*"', '""', formula)
        if len(formula) > FORMULA:
            yield f"a formula of {len(formula)} characters"
        if bare.count("(") != bare.count(")") or formula.count('"') % 2:
            yield f"open brackets: {formula[:80]}"
        for table, title in re.findall(r"(\w+)\[([^\]]*)\]", bare):
            if title not in columns.get(table, ()):
                yield f"there is no {table}[{title}]"
        for name in re.findall(r"(?<![\w\[.])[A-Za-z_]\w*_\w+(?![\w(\[])", re.sub(r"\[[^\]]*\]", "", bare)):
            if name not in names:
                yield f"there is no name {name}"


def _ranges(sheet: ET.Element, differing: int) -> Iterator[str]:
    merged = [one.attrib["ref"] for one in sheet.iter(f"{MAIN}mergeCell")]
    boxes = [found for ref in merged if (found := box(ref))]
    if any(overlap(one, other) for place, one in enumerate(boxes) for other in boxes[:place]):
        yield "merged cells lie over each other"
    rules = list(sheet.iter(f"{MAIN}cfRule"))
    yield from (f"two rules of the rank {rank}" for rank in twice(one.attrib["priority"] for one in rules))
    looks = [int(one.attrib.get("dxfId", -1)) for one in rules]
    yield from ("a rule with a look that is not there" for look in looks if look >= differing)
    for group in (*sheet.iter(f"{MAIN}conditionalFormatting"), *sheet.iter(f"{MAIN}dataValidation")):
        yield from (f"no range: {ref}" for ref in group.attrib["sqref"].split() if not box(ref))


def _rules(sheet: ET.Element) -> Iterator[str]:
    group = sheet.find(f"{MAIN}dataValidations")
    if group is None:
        return
    if int(group.attrib["count"]) != len(group):
        yield f"{group.attrib['count']} rules said, {len(group)} there"
    for one in group:
        said = text_of(one, f"{MAIN}formula1")
        if len(said) > LIST + 2 * said.startswith('"'):
            yield f"a rule of {len(said)} characters"
        if len(one.attrib.get("error", "")) > MESSAGE or len(one.attrib.get("errorTitle", "")) > 32:
            yield "a rule says too much"
    boxes = [found for one in group for ref in one.attrib["sqref"].split() if (found := box(ref))]
    if any(overlap(one, other) for place, one in enumerate(boxes) for other in boxes[:place]):
        yield "rules lie over each other"


def _links(sheet: ET.Element, titles: Mapping[str, str]) -> Iterator[str]:
    links = list(sheet.iter(f"{MAIN}hyperlink"))
    if len(links) > LINKS:
        yield f"{len(links)} links"
    yield from (f"two links in {ref}" for ref in twice(one.attrib["ref"] for one in links))
    for one in links:
        title, _, ref = one.attrib.get("location", "").rpartition("!")
        if title.strip("'").replace("''", "'") not in titles or not box(ref):
            yield f"a link to {one.attrib.get('location')!r}"
        if len(one.attrib.get("display", "")) > STRING or len(one.attrib.get("tooltip", "")) > NAME:
            yield f"a link that says too much in {one.attrib['ref']}"


def _paper(sheet: ET.Element) -> Iterator[str]:
    for one in sheet.iterfind(f"{MAIN}headerFooter/*"):
        if len(one.text or "") > HEADER:
            yield f"{len(one.text or '')} characters over or under a page"
    spans = [(int(one.attrib["min"]), int(one.attrib["max"])) for one in sheet.iter(f"{MAIN}col")]
    if any(first <= last for (_, last), (first, _) in itertools.pairwise(spans)):
        yield "columns are described twice"
    yield from ("a column is too wide" for one in sheet.iter(f"{MAIN}col") if float(one.attrib["width"]) > 255)


def _tables(package: Package) -> Iterator[str]:
    every = [table for tables in package.tables.values() for table in tables]
    yield from (f"two tables of the id {id_}" for id_ in twice(table.attrib["id"] for table in every))
    names = [one.attrib["name"] for one in package.defined if not one.attrib["name"].startswith("_xlnm.")]
    yield from (f"two things called {name}" for name in twice([*(table.attrib["displayName"] for table in every), *names]))
    for title, tables in package.tables.items():
        heads = _heads(package.parts[package.sheets[title]])
        boxes = [found for table in tables if (found := box(table.attrib["ref"]))]
        if any(overlap(one, other) for place, one in enumerate(boxes) for other in boxes[:place]):
            yield f"{title}: tables lie over each other"
        for table in tables:
            yield from (f"{title}: {fault}" for fault in _table(table, heads))


def _heads(sheet: ET.Element) -> dict[tuple[int, int], str]:
    """The texts of a sheet's cells, by column and row."""
    found = {}
    for cell in sheet.iter(f"{MAIN}c"):
        if cell.attrib.get("t") == "inlineStr" and (place := box(cell.attrib["r"])):
            found[place[:2]] = unescaped("".join(one.text or "" for one in cell.iter(f"{MAIN}t")))
    return found


def _table(table: ET.Element, heads: Mapping[tuple[int, int], str]) -> Iterator[str]:
    name, ref, titles = table.attrib["displayName"], table.attrib["ref"], _titles(table)
    if not re.fullmatch(r"[A-Za-z_\\][\w.\\]{0,254}", name) or re.fullmatch(r"[A-Za-z]{1,3}\d+", name):
        yield f"no name for a table: {name}"
    found = box(ref)
    if found is None:
        yield f"{name} has the range {ref}"
        return
    if found[3] == found[1]:
        yield f"{name} has no row under its head"
    if len(titles) != found[2] - found[0] + 1:
        yield f"{name} has {len(titles)} columns in {ref}"
    filtered = table.find(f"{MAIN}autoFilter")
    if filtered is not None and filtered.attrib["ref"] != ref:
        yield f"{name} filters {filtered.attrib['ref']}"
    yield from (f"{name}: two columns {title}" for title in twice(titles))
    yield from (f"{name}: a column of {len(title)} characters" for title in titles if not 1 <= len(title) <= NAME)
    shown = [heads.get((column, found[1]), "") for column in range(found[0], found[2] + 1)]
    if shown != titles:
        yield f"{name} is headed {shown}, its columns are {titles}"


def _charts(package: Package) -> Iterator[str]:
    for name, part in package.parts.items():
        if not name.startswith("xl/charts/chart"):
            continue
        for one in part.iter(f"{CHART}f"):
            title, _, ref = (one.text or "").rpartition("!")
            if title.strip("'") not in package.sheets or not box(ref):
                yield f"{name}: {one.text!r}"
        axes = {one.attrib["val"] for one in part.iter(f"{CHART}axId")}
        crossed = {one.attrib["val"] for one in part.iter(f"{CHART}crossAx")}
        if axes != crossed:
            yield f"{name}: axes {sorted(axes)} are crossed by {sorted(crossed)}"
