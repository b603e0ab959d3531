"""What Windows PowerShell does that the prelude must bear in mind, read as text: there is none here to try it on.

Each was found by reading PowerShell's own code or its documentation against the prelude line by line.
"""

from __future__ import annotations

import json
import re

from scorecard.bundle_windows import WindowsBundle
from scorecard.model import Platform
from scorecard.registry import Registry
from tests.unit.test_prelude_windows import SOURCE, USED, function, function_of, nodes, parsed


def before(code: str, first: str, second: str) -> bool:
    return -1 < code.find(first) < code.find(second)


def test_no_module_but_windows_own_is_loaded_and_no_cache_is_written() -> None:
    """Set before the first command, since looking for a command is what makes PowerShell read and keep lists of modules."""
    commands = [node for node in nodes(parsed(SOURCE)) if node.type == "command_name" and not function_of(node)]
    for line in ('$env:PSModulePath = "$PSHOME\\Modules"', "$env:PSModuleAnalysisCachePath = 'nul'"):
        assert SOURCE.encode().find(line.encode()) in range(commands[0].start_byte), line


def test_what_is_denied_is_told_by_its_category_before_its_innermost_cause() -> None:
    """Of a file that is denied, the innermost cause is a Win32Exception, whose HRESULT is E_FAIL whatever it is about."""
    code = function("Get-Code")
    assert before(code, "'PermissionDenied'", ".InnerException")
    assert before(code, "ConstrainedLanguage", "'PermissionDenied'")


def test_the_properties_of_an_instance_are_the_own_ones() -> None:
    """PowerShell's type data puts script properties over some: Win32_QuickFixEngineering.InstalledOn becomes a date, read
    in whatever language is set, or fails."""
    code = function("Read-Cim")
    assert "$one.CimInstanceProperties" in code
    assert not re.search(r"\$one\.(\$|(?!CimInstanceProperties)\w)", code)


def test_a_class_method_whose_class_is_not_there_ends_the_question() -> None:
    """Most machines have no Configuration Manager: that is absent, and no method's failure."""
    code = function("Read-Calls")
    assert before(code, "if ($q.static) { throw }", "$said[$call.name] = Get-Fault $_")


def test_names_of_keys_go_into_tables_in_quotes() -> None:
    """Get-ChildItem -Name gives text with properties; as the name of an entry ConvertTo-Json refuses it."""
    for match in re.finditer(r"foreach \((\$\w+) in Get-ChildItem [^)]* -Name\)", SOURCE):
        assert not re.search(rf"\w\[{re.escape(match[1])}\]", function(_function_at(match.start())).partition(match[0])[2])
        assert f'["{match[1]}"]' in SOURCE


def _function_at(place: int) -> str:
    names: list[str] = re.findall(r"^function (\S+?)[({ ]", SOURCE[:place], re.MULTILINE)
    return names[-1]


def test_the_names_of_keys_are_taken_as_they_are() -> None:
    """The registry provider escapes nothing in them, so there is nothing to take away."""
    assert "`" not in "".join(line for line in SOURCE.splitlines() if not line.strip().startswith("#"))


def test_of_a_service_the_program_is_told_and_not_its_arguments() -> None:
    """Arguments may hold a token or a password."""
    assert "path = Get-Program $one.PathName" in function("Read-Services")
    assert SOURCE.count("PathName") == 1
    first, second = re.findall(r"-replace '([^']+)', '\$1'", function("Get-Program"))
    for line in ('"C:\\a b\\c.exe" --token x', "C:\\a b\\c.exe --token x", "C:\\a b\\c.exe"):
        assert re.sub(second, r"\1", re.sub(first, r"\1", line)) == "C:\\a b\\c.exe"


def test_lists_of_numbers_are_asked_for_their_length() -> None:
    """In `if`, a list with nothing but a 0 counts as nothing."""
    assert not re.search(r"\(\$q\.(levels|ids)\)", SOURCE)


def test_reading_a_file_answers_for_itself() -> None:
    """Its version is read by a script property, which may fail where the file's other properties do not."""
    code = function("Read-File")
    assert before(code, "try {", "VersionInfo")
    assert before(code, "VersionInfo", "catch {")


def test_without_questions_nothing_is_answered() -> None:
    """ConvertFrom-Json refuses what is no JSON, but takes an empty text without a word."""
    start = SOURCE[SOURCE.index("$asked = -join") :]
    assert before(start, "if (-not $marker) { throw", "Write-Answer @{")


def test_the_search_for_updates_is_the_last_thing_of_the_last_question() -> None:
    """Nothing over there can end it; what was answered before it has arrived."""
    code = function("Read-Updates")
    assert before(code, ".QueryHistory(", ".Search(")
    assert before(code, "$agent.Online = $q.online", ".Search(")
    assert SOURCE.count(".Search(") == 1


def test_what_has_no_limit_of_its_own_is_asked_last() -> None:
    asked = Registry.load().probes(Platform.WINDOWS)
    for probes in (asked, asked[::-1]):
        verbs = [json.loads(probe.text)["verb"] for probe in WindowsBundle(tuple(probes)).asked]
        first = verbs.index("events")
        assert set(verbs[first:-1]) == {"events"}
        assert verbs[-1] == "updates"
        assert not {"events", "updates"} & set(verbs[:first])


def test_the_output_is_lines_of_text_alone() -> None:
    """Text goes to a pipe as it is; what must be formatted is wrapped at the width of a console that is not there."""
    said = [
        line.strip() for line in function("Write-Answer").splitlines() if line.strip().startswith(('"', "'", "$text\n"))
    ]
    assert [line[:9] for line in said] == ['"$marker ', '"|$text"', '"$marker ']
    assert r"while ($text -cmatch '[^\x20-\x7e]')" in SOURCE


def test_every_question_of_cim_is_given_its_time() -> None:
    assert "$PSDefaultParameterValues = @{ '*-Cim*:OperationTimeoutSec' = $q.limit }" in function("Write-Answer")
    assert {name for name in USED["commands"] if "Cim" in name} == {"Get-CimInstance", "Invoke-CimMethod"}
