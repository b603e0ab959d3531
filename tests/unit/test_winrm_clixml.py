"""Standard error of Windows PowerShell: errors are kept, progress is noise, and nothing makes the reader raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.transports.winrm_clixml import errors_of

NAMESPACE = 'xmlns="http://schemas.microsoft.com/powershell/2004/04"'
PROGRESS = (
    f'<Objs Version="1.1.0.1" {NAMESPACE}><Obj S="progress" RefId="0"><MS><PR N="Record"><AV>x</AV></PR></MS></Obj></Objs>'
)


def errors(*texts: str, stream: str = "Error") -> str:
    inside = "".join(f'<S S="{stream}">{text}</S>' for text in texts)
    return f'<Objs Version="1.1.0.1" {NAMESPACE}>{inside}</Objs>'


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("", ""),
        (f"#< CLIXML\r\n{PROGRESS}", ""),
        (f"#< CLIXML\r\n{errors('Access is denied._x000D__x000A_')}", "Access is denied."),
        (f"#< CLIXML\r\n{PROGRESS}{errors('one_x000D__x000A_', 'two')}", "one\r\ntwo"),
        (f"#< CLIXML\r\n{PROGRESS}#< CLIXML\r\n{errors('Zugriff verweigert')}", "Zugriff verweigert"),
        (errors("to be warned", stream="Warning"), ""),
        (errors("_xD83D__xDE00_ 1 &lt; 2"), "\U0001f600 1 < 2"),
        ("The command line is too long.\r\n", "The command line is too long."),
        (f"#< CLIXML\r\n{errors('cut off')[:-20]}", ""),
        (f'#< CLIXML\r\n<!DOCTYPE a [<!ENTITY b "c">]>{errors("&b;")}', '<!DOCTYPE a [<!ENTITY b "c">]>'),
        ("<Objs><S S='Error'>not closed</Objs>", ""),
    ],
)
def test_what_is_kept(stderr: str, said: str) -> None:
    assert errors_of(stderr.encode()) == said


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(noise: bytes) -> None:
    errors_of(noise)
    errors_of(b"#< CLIXML\r\n<Objs>" + noise + b"</Objs>")
