"""Which of Ansible's variables are read, and which hold secrets.

Where a setting has several names, the one that stands later here wins, as in Ansible's connection plugins (their lists of
variables, ansible-core 2.19).
"""

from __future__ import annotations

CONNECTION = ("ansible_connection",)
HOST = {
    "ssh": ("ansible_host", "ansible_ssh_host", "ansible_paramiko_host"),
    "winrm": ("ansible_host", "ansible_winrm_host"),
    "psrp": ("ansible_host", "ansible_psrp_host"),
}
PORT = {
    "ssh": ("ansible_port", "ansible_ssh_port", "ansible_paramiko_port"),
    "winrm": ("ansible_port", "ansible_winrm_port"),
    "psrp": ("ansible_port", "ansible_psrp_port"),
}
USER = {
    "ssh": ("ansible_user", "ansible_ssh_user", "ansible_paramiko_user"),
    "winrm": ("ansible_user", "ansible_winrm_user"),
    "psrp": ("ansible_user", "ansible_psrp_user"),
}
KEY_FILE = ("ansible_private_key_file", "ansible_ssh_private_key_file", "ansible_paramiko_private_key_file")
# In the order of the command line that Ansible makes of them; of options that repeat, ssh takes the first.
SSH_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
PROXY_COMMAND = ("ansible_paramiko_proxy_command",)
SHELL = ("ansible_shell_type",)
SCHEME = {"winrm": ("ansible_winrm_scheme",), "psrp": ("ansible_psrp_protocol",)}
LOGIN = {"winrm": ("ansible_winrm_transport",), "psrp": ("ansible_psrp_auth",)}
UNCHECKED = {"winrm": ("ansible_winrm_server_cert_validation",), "psrp": ("ansible_psrp_cert_validation",)}
TRUSTED = {"winrm": ("ansible_winrm_ca_trust_path",), "psrp": ("ansible_psrp_cert_trust_path", "ansible_psrp_ca_cert")}
CERTIFICATE = {"winrm": ("ansible_winrm_cert_pem",), "psrp": ("ansible_psrp_certificate_pem",)}
CERTIFICATE_KEY = {"winrm": ("ansible_winrm_cert_key_pem",), "psrp": ("ansible_psrp_certificate_key_pem",)}
PROXY = {"winrm": (), "psrp": ("ansible_psrp_proxy",)}
HOST_KEYS = ("ansible_host_key_checking", "ansible_ssh_host_key_checking", "ansible_paramiko_host_key_checking")

PASSWORDS = {
    "ssh": (
        "ansible_password",
        "ansible_ssh_pass",
        "ansible_ssh_password",
        "ansible_paramiko_pass",
        "ansible_paramiko_password",
    ),
    "winrm": ("ansible_password", "ansible_winrm_pass", "ansible_winrm_password"),
    "psrp": ("ansible_password", "ansible_winrm_pass", "ansible_winrm_password"),
}
PASSPHRASES = ("ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase")
BECOME = ("ansible_become_pass", "ansible_become_password", "ansible_su_pass", "ansible_sudo_pass")
KEYS = ("ansible_private_key", "ansible_ssh_private_key")
SECRETS = frozenset(
    {
        *(name for names in PASSWORDS.values() for name in names),
        *PASSPHRASES,
        *(*BECOME, *KEYS),
        *("ansible_httpapi_pass", "ansible_httpapi_password", "ansible_psrp_password"),
    }
)

# Ours: `scorecard_client` names the client, the others are an endpoint's or a credential's keys.
OWN = "scorecard_"
CLIENT = "scorecard_client"
OWN_TRANSPORT = "scorecard_transport"
OWN_PASSWORD = "scorecard_password"  # noqa: S105 - the name of a variable
OWN_PASSPHRASE = "scorecard_passphrase"  # noqa: S105 - the name of a variable

_BY_CONNECTION = (HOST, PORT, USER, SCHEME, LOGIN, UNCHECKED, TRUSTED, CERTIFICATE, CERTIFICATE_KEY, PROXY)
USED = frozenset(
    {
        *(name for kind in _BY_CONNECTION for names in kind.values() for name in names),
        *(name for names in (CONNECTION, KEY_FILE, SSH_ARGUMENTS, PROXY_COMMAND, SHELL, HOST_KEYS) for name in names),
        "ansible_group_priority",
    }
)


def is_used(name: str) -> bool:
    """Whether what stands in the variable is read here, and so must be readable."""
    return name in USED or name.startswith(OWN)
