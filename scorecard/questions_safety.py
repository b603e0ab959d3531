"""What a question to Windows may name: side-effect-free methods, plain names, local paths, nothing that holds a secret.

Each function gives its argument back or raises ValueError with what was expected. Facts: windows.md 1.1, 3.6, 4.2, 5.11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_NAMESPACE = re.compile(r"root(/[A-Za-z][A-Za-z0-9_]{0,127}){0,8}")

# --- secrets -------------------------------------------------------------------------------------------------------

_SECRET = re.compile(
    r"passw|pwd|passphrase|secret|recoverykey|recoverypass|keypackage|keymaterial|privatekey|ownerauth"
    r"|productkey|productid|licensekey|serialkey|activationcode|apikey|accesskey|presharedkey|psk|token|credential"
    r"|numericalpass|cdkey|communit|commandline",
    re.IGNORECASE,
)
# Policies and dates that speak of a password without holding one; the last four letters of a product key.
_HARMLESS = frozenset(
    name.lower()
    for name in (
        "LimitBlankPasswordUse",
        "DisablePasswordSaving",
        "fPromptForPassword",
        "PasswordAgeDays",
        "PasswordComplexity",
        "PasswordLength",
        "PasswordExpires",
        "PasswordRequired",
        "PasswordChangeable",
        "PasswordLastSet",
        "PasswordExpirationProtectionEnabled",
        "LastPasswordUpdateTime",
        "MaximumPasswordAge",
        "RefusePasswordChange",
        "DisablePasswordChange",
        "PwdExpirationProtectionEnabled",
        "UseLogonCredential",
        "PartialProductKey",
        "ProductKeyChannel",
        "OSRecoveryPassword",
        "FDVRecoveryPassword",
        "ActiveDirectoryBackupRecoveryPassword",
    )
)


def _not_secret(name: str) -> None:
    if name.lower() not in _HARMLESS and _SECRET.search(name.replace("_", "").replace(" ", "")):
        raise ValueError("this name is known to hold a secret, and secrets are never read")


def plain(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("expected plain ASCII characters on one line")
    return text


def property_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("expected the name of a property: letters, digits and underscores")
    _not_secret(name)
    return name


def value_name(name: str) -> str:
    """The empty name is a key's default value."""
    if name:
        plain(name)
    if "*" in name or "?" in name:
        raise ValueError("a value is named in full, without wildcards")
    _not_secret(name)
    return name


# --- cim -----------------------------------------------------------------------------------------------------------

# A class that another one is made from is refused with it: asking it asks them all.
_REFUSALS = {
    "asking it repairs installed packages; read the Uninstall keys of the registry": (
        *("win32_product", "cim_product", "win32_softwarefeature", "cim_softwarefeature"),
        *("win32_softwareelement", "cim_softwareelement"),
    ),
    "use the verb registry": ("stdregprov", "win32_registry"),
    "use the verb files": ("cim_datafile", "cim_logicalfile", "cim_directory", "win32_directory", "win32_shortcutfile"),
    "use the verb events": ("win32_ntlogevent",),
    "use the verb services, which leaves out what follows a program's name": (
        *("win32_service", "win32_baseservice", "win32_systemdriver", "win32_terminalservice", "cim_service"),
    ),
    "it may list a whole domain": ("win32_groupuser", "win32_groupindomain", "win32_userindomain"),
    "it calls other machines": ("win32_pingstatus", "win32_ntdomain"),
    "variables may hold secrets": ("win32_environment",),
    "command lines may hold secrets": ("win32_process", "cim_process", "win32_startupcommand", "win32_scheduledjob"),
    "nearly every class is made from it": (
        *("cim_managedsystemelement", "cim_logicalelement", "cim_systemresource", "cim_job", "cim_setting"),
    ),
}
_REFUSED_CLASSES = {name: said for said, names in _REFUSALS.items() for name in names}
# Without this condition the whole domain is listed.
_NEEDS_LOCAL = frozenset({"win32_useraccount", "win32_group", "win32_account"})
_LOCAL_ONLY = re.compile(r"\s*LocalAccount\s*=\s*TRUE(\s+AND\b(?!.*\bOR\b).*)?\s*", re.IGNORECASE)

# Methods that read and change nothing; for each argument the constants it may have.
_VOLUME_METHODS: Mapping[str, Mapping[str, range]] = {
    "GetProtectionStatus": {},
    "GetConversionStatus": {"PrecisionFactor": range(5)},
    "GetEncryptionMethod": {},
    "GetLockStatus": {},
    "GetKeyProtectors": {"VolumeKeyProtectorType": range(11)},
    "GetSuspendCount": {},
    "GetHardwareEncryptionStatus": {},
    "GetVersion": {},
}
_METHODS: Mapping[str, Mapping[str, Mapping[str, range]]] = {"Win32_EncryptableVolume": _VOLUME_METHODS}
_STATIC_METHODS: Mapping[str, Mapping[str, Mapping[str, range]]] = {
    "CCM_ClientUtilities": {"DetermineIfRebootPending": {}},
}
_KNOWN_METHODS = tuple(name for table in (_METHODS, _STATIC_METHODS) for methods in table.values() for name in methods)


def namespace(name: str) -> str:
    if not _NAMESPACE.fullmatch(name):
        raise ValueError("expected a namespace of this machine, such as root/cimv2")
    if name.lower().startswith("root/directory"):
        raise ValueError("this namespace is not asked: it is the domain's directory, on other machines")
    return name


def class_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("expected the name of a class: letters, digits and underscores")
    if said := _REFUSED_CLASSES.get(name.lower()):
        raise ValueError(f"this class is not asked: {said}")
    return name


_COMPARISON = r"""[A-Za-z_][A-Za-z0-9_]{0,127}
    \s*(?: (?:=|<>|!=|<=|>=|<|>)\s*(?: -?[0-9]{1,20}\b | TRUE\b | FALSE\b | '[^'"\\]{0,100}' | "[^'"\\]{0,100}" )
         | \s+ IS \s+ (?:NOT \s+)? NULL\b )"""
_CONDITION = re.compile(rf"\s*{_COMPARISON}(?:\s+(?:AND|OR)\s+{_COMPARISON}){{0,15}}\s*", re.IGNORECASE | re.VERBOSE)


def condition(text: str) -> str:
    """A WQL condition made of comparisons with constants; empty for none."""
    if not text:
        return text
    if len(text) > 1000 or not plain(text) or not _CONDITION.fullmatch(text):
        raise ValueError("expected comparisons with constants joined by AND or OR, such as: DriveType = 3 AND Name <> 'x'")
    return text


def class_with_condition(name: str, text: str) -> None:
    if name.lower() in _NEEDS_LOCAL and not _LOCAL_ONLY.fullmatch(text):
        raise ValueError("filter: this class lists the whole domain; begin with LocalAccount = TRUE, and without OR")


def method_name(name: str) -> str:
    if name not in _KNOWN_METHODS:
        raise ValueError(f"not a method that is known to change nothing; expected one of {', '.join(_KNOWN_METHODS)}")
    return name


def method(class_: str, name: str, given: Mapping[str, int], *, static: bool) -> None:
    table = _STATIC_METHODS if static else _METHODS
    methods = table.get(class_, {})
    if name not in methods:
        where = f"{class_} with static: {'true' if static else 'false'}"
        raise ValueError(f"call: {name} is not called on {where}; expected {', '.join(methods) or 'no call'}")
    takes = methods[name]
    if set(given) != set(takes):
        raise ValueError(f"call: {name} takes {', '.join(takes) or 'no arguments'}; give each of them")
    for argument, value in given.items():
        if value not in takes[argument]:
            raise ValueError(f"call: {name}.{argument}: expected {takes[argument].start} to {takes[argument].stop - 1}")


# --- registry ------------------------------------------------------------------------------------------------------

_SEGMENT = re.compile(r"[A-Za-z0-9 ._{}()+,&@#~'!$;=-]{1,255}")
_SECRET_KEYS = ("hklm/sam", "hklm/security", "hklm/system/currentcontrolset/control/lsa/data")
# Keys of which all values are read: each holds a plain list whose names are the facts, and no secret.
_WU = "HKLM/SOFTWARE/Policies/Microsoft/Windows/WindowsUpdate"
_ALL_VALUES = frozenset(
    key.lower()
    for key in (
        _WU,
        f"{_WU}/AU",
        "HKLM/SOFTWARE/Microsoft/PolicyManager/current/device/Update",
        "HKLM/SOFTWARE/Policies/Microsoft/FVE",
        "HKLM/SYSTEM/CurrentControlSet/Policies/Microsoft/FVE",
        "HKLM/SOFTWARE/Microsoft/Microsoft SQL Server/Instance Names/SQL",
        *(
            f"HKLM/SOFTWARE/{branch}Windows Defender/Exclusions/{kind}"
            for branch in ("Microsoft/", "Policies/Microsoft/")
            for kind in ("Paths", "Extensions", "Processes", "IpAddresses")
        ),
    )
)


def registry_key(key: str) -> str:
    hive, _, rest = key.partition("/")
    if hive == "HKU" and rest.startswith("*/"):
        rest = rest[2:]
    elif hive != "HKLM":
        raise ValueError("expected a key under HKLM/... or under HKU/*/..., with / between the names")
    names = rest.split("/")
    if not all(_SEGMENT.fullmatch(name) and name.strip(". ") for name in names):
        raise ValueError("expected names of keys with / between them: no wildcard, no backslash, no empty name")
    if any(key.lower() == secret or key.lower().startswith(f"{secret}/") for secret in _SECRET_KEYS):
        raise ValueError("this key holds secrets, and secrets are never read")
    if len(names) < 2:
        raise ValueError("expected a key further down than this")
    return key


def all_values(key: str, depth: int) -> None:
    if key.lower() not in _ALL_VALUES:
        raise ValueError("values: all is for a short list of keys; name the values")
    if depth:
        raise ValueError("values: all reads one key; leave depth out")


# --- services, files, events --------------------------------------------------------------------

_SERVICE = re.compile(r"[A-Za-z0-9 ._!()@#$&+-]{2,255}\*?")
_VARIABLES = (
    "%ProgramFiles%",
    "%ProgramFiles(x86)%",
    "%ProgramW6432%",
    "%ProgramData%",
    "%SystemRoot%",
    "%windir%",
    "%SystemDrive%",
    "%CommonProgramFiles%",
    "%CommonProgramFiles(x86)%",
)
_ROOT = re.compile(rf"[A-Za-z]:|{'|'.join(re.escape(name) for name in _VARIABLES)}", re.IGNORECASE)
_FILE_SEGMENT = re.compile(r"[A-Za-z0-9 ._{}()+,&@#~'!$;=-]{1,255}")
_USER_FOLDERS = frozenset({"users", "documents and settings", "docume~1"})
# Files whose text is known to hold secrets, whatever they are read for.
_SECRET_FILES = re.compile(
    r"unattend|sysprep|groups\.xml|\.(key|pem|pfx|p12|kdbx?|rdp|ppk|ovpn|config)$|/system32/config/|/repair/", re.IGNORECASE
)


def service_name(name: str) -> str:
    if not _SERVICE.fullmatch(name):
        raise ValueError("expected the name of a service or driver; a * may stand only at its end")
    return name


def local_path(path: str) -> str:
    if "\\" in path:
        raise ValueError("expected / between the names of folders, also on Windows")
    root, *names = path.split("/")
    if not root:
        raise ValueError("expected a path of this machine; other machines' shares are never read")
    if not _ROOT.fullmatch(root):
        raise ValueError(f"expected a path that begins with a drive such as C: or with one of {', '.join(_VARIABLES)}")
    if not names or not all(name == "*" or (_FILE_SEGMENT.fullmatch(name) and name.strip(". ")) for name in names):
        raise ValueError("expected names of folders and a file; a * only as the whole name of a folder")
    if names.count("*") > 1:
        raise ValueError("expected one * at most")
    if "*" in names and names.index("*") == 0:
        raise ValueError("a * stands for version folders, further down than this")
    if "*" in names and _of_users(path):
        raise ValueError("people's folders are never listed; name the file in full")
    return path


def _of_users(path: str) -> bool:
    return any(name.lower() in _USER_FOLDERS for name in path.split("/"))


def readable(path: str) -> None:
    """Of some files the existence may be asked, but never the text."""
    if _of_users(path):
        raise ValueError("text_kb: the text of people's files is never read")
    if _SECRET_FILES.search(path):
        raise ValueError("text_kb: this kind of file is known to hold secrets, and secrets are never read")


_LOG = re.compile(r"[A-Za-z0-9 ._/()-]{1,200}")


def log_name(name: str) -> str:
    if not _LOG.fullmatch(name):
        raise ValueError("expected the name of an event log, such as System")
    return name


def provider(name: str) -> str:
    if name and not _LOG.fullmatch(name):
        raise ValueError("expected the name of an event provider, such as Microsoft-Windows-BitLocker-API")
    return name
