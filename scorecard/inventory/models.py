"""The shape of an inventory file. The descriptions go into the JSON Schema and show up in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scorecard.inventory import fields as kind
from scorecard.inventory import fields_network as network
from scorecard.inventory import fields_reports as report
from scorecard.inventory.values import refuse
from scorecard.secrets import FORMS


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HopModel(Model):
    """One machine on the way to an endpoint."""

    model_config = ConfigDict(title="Hop")

    address: network.Host = Field(description="Host name or IP address of the machine in between.")
    port: network.MaybePort = Field(default=None, description="Its SSH port; 22 where nothing is said.")
    user: kind.MaybeName = Field(default=None, description="The user there; the endpoint's own where nothing is said.")
    credential: kind.MaybeName = Field(default=None, description="Name of the credential for this hop.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return network.hop_parts(value) if isinstance(value, str) else value


Hops = Annotated[tuple[HopModel, ...] | None, BeforeValidator(network.hops_listed)]


class Settings(Model):
    """What may be set for one endpoint, or for many at once. The nearest wins: endpoint, group, site, defaults."""

    platform: kind.MaybePlatform = Field(
        default=None,
        description="Operating system; auto finds out over SSH. Where nothing is said: windows over WinRM, else auto.",
    )
    transport: kind.MaybeTransport = Field(
        default=None,
        description="How to reach the endpoint: ssh, winrm, local (this computer) or replay (recorded answers). "
        "Where nothing is said: winrm for windows, else ssh.",
    )
    port: network.MaybePort = Field(
        default=None, description="Port to connect to; the transport's usual one where nothing is said."
    )
    credential: kind.MaybeName = Field(default=None, description="Name of the credential to log in with.")
    role: kind.MaybeRole = Field(
        default=None,
        description="What the machine is for. Where nothing is said, what the machine itself shows decides, else server.",
    )
    tags: kind.Names = Field(default=(), description="Words to select endpoints by. Those of all levels add up.")
    managed: kind.MaybeFlag = Field(
        default=None, description="Whether the provider looks after it; yes where nothing is said."
    )
    owner: kind.MaybeText = Field(default=None, description="Person or department that uses it.")
    proxy_jump: Hops = Field(
        default=None,
        description="Machines to go through, in order: user@host:port, or address, port, user and credential; or none.",
    )
    proxy: network.MaybeProxy = Field(
        default=None,
        description="Proxy to go through, to the endpoint or to its first jump host: socks5://host:port or "
        "http://host:port, without a login; or none. Those of the environment are never used.",
    )
    known_hosts: kind.MaybeFiles = Field(
        default=None, description="Files with known SSH host keys; the user's and the system's where nothing is said."
    )
    host_key_policy: kind.MaybePolicy = Field(
        default=None,
        description="strict refuses hosts whose key is not known; accept-new takes the key of a new host and the report "
        "says that its identity is not proven.",
    )
    connect_timeout_s: kind.MaybeTimeout = Field(
        default=None, description="Seconds to wait for a connection; 10 where nothing is said."
    )
    keep_alive_s: kind.MaybeKeepAlive = Field(
        default=None,
        description="Seconds between signs of life on a quiet SSH connection; 15 where nothing is said, 0 for none.",
    )
    https: kind.MaybeFlag = Field(
        default=None,
        description="Whether WinRM is asked over HTTPS; yes where nothing is said, unless the port is 5985 or 80.",
    )
    authentication: kind.MaybeAuthentication = Field(
        default=None,
        description="How to log in over WinRM. Basic and CredSSP are refused over plain HTTP. Where nothing is said: "
        "certificate when the credential has one, else ntlm.",
    )
    ca_file: kind.MaybeFile = Field(
        default=None,
        description="File with the only certificates to trust over WinRM (PEM): of authorities, or of the machines "
        "themselves; else those of this computer.",
    )


class DefaultsModel(Settings):
    """Settings for every endpoint that does not say otherwise."""

    model_config = ConfigDict(title="Defaults")

    site: kind.MaybeName = Field(
        default=None, description="Name of the site where endpoints are unless they say otherwise."
    )


class ContactModel(Model):
    """Who at the client can lay hands on machines; named on the sheet of machines to bring in."""

    model_config = ConfigDict(title="Contact")

    name: kind.Text = Field(description="Name of the person, or of the desk.")
    mail: report.MaybeMail = Field(default=None, description="Mail address.")
    phone: report.MaybePhone = Field(default=None, description="Telephone number, in quotes.")


class SiteModel(Settings):
    """A place, with settings for the endpoints there. May be empty."""

    model_config = ConfigDict(title="Site")

    max_parallel: kind.MaybeParallel = Field(
        default=None, description="So many endpoints of the site are asked at a time, for the sake of a thin line."
    )
    start_gap_s: kind.MaybeStartGap = Field(
        default=None, description="Seconds between the starts of two endpoints of the site; none where nothing is said."
    )
    contact: ContactModel | None = Field(default=None, description="Who is asked for the machines of this site.")

    @model_validator(mode="before")
    @classmethod
    def _may_be_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class GroupModel(Settings):
    """A set of endpoints with settings of their own. Where an endpoint is in several, the group defined later wins."""

    model_config = ConfigDict(title="Group")

    site: kind.MaybeName = Field(default=None, description="Name of the site where the group's endpoints are.")
    endpoints: kind.Names = Field(
        default=(), description="Names of the endpoints in this group; an endpoint may also name its groups."
    )

    @model_validator(mode="before")
    @classmethod
    def _may_be_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class EndpointModel(Settings):
    """One machine: a name alone, or a mapping."""

    model_config = ConfigDict(title="Endpoint")

    name: kind.Name = Field(description="Its name, unique within the client. Findings and history go by it.")
    address: network.MaybeAddress = Field(
        default=None,
        description="Host name or IP address; for replay the folder or audit document. The name where nothing is said.",
    )
    site: kind.MaybeName = Field(default=None, description="Name of the site where it stands.")
    groups: kind.Names = Field(default=(), description="Names of the groups that it belongs to.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


def given(model: BaseModel) -> dict[str, Any]:
    """The keys that are set, with their values, in the order of the model."""
    known = model.model_fields_set
    return {key: value for key, value in model.__dict__.items() if key in known}


if TYPE_CHECKING:
    GivenEndpoint = Mapping[str, Any]
else:  # a fleet's models would take a kilobyte each: what was given is kept, and the model dropped
    GivenEndpoint = Annotated[EndpointModel, AfterValidator(given)]


class CredentialModel(Model):
    """How to log in. Holds references to secrets, never a secret."""

    model_config = ConfigDict(title="Credential")

    user: kind.MaybeName = Field(default=None, description="User name over there.")
    password: kind.MaybeSecret = Field(default=None, description=f"Where the password is: {FORMS}.")
    key_file: kind.MaybeFile = Field(
        default=None, description="Private key file. Relative paths start at the inventory's folder."
    )
    certificate_file: kind.MaybeFile = Field(default=None, description="Certificate that belongs to the key.")
    passphrase: kind.MaybeSecret = Field(default=None, description="Where the key's passphrase is, written like password.")
    agent: kind.Flag = Field(default=False, description="Whether to use the keys that an SSH agent holds.")


class ProviderModel(Model):
    """Who does the audit; shown in the report."""

    model_config = ConfigDict(title="Provider")

    name: kind.Text = Field(description="Name of the IT provider.")
    contact: report.MaybeBlock = Field(
        default=None, description="How to reach the provider: mail, telephone or web address; several lines as a list."
    )
    logo: kind.MaybeFile = Field(
        default=None,
        description="Logo for reports: a PNG or an SVG of shapes, up to 30 KB. Relative paths start at this folder.",
    )
    accent: report.MaybeAccent = Field(
        default=None, description="Colour of the mark and of the trend in reports, such as '#1a4fa3', readable on white."
    )
    accent_dark: report.MaybeDarkAccent = Field(
        default=None, description="The same on the dark page; where nothing is said, a lighter tint of accent."
    )


class AuthorisationModel(Model):
    """Who allowed the audit; printed in the method section. Needed before a prospect's machines are looked at."""

    model_config = ConfigDict(title="Authorisation")

    by: kind.Text = Field(description="Who allowed it, with their function.")
    on: kind.Day = Field(description="The day it was allowed, such as 2026-01-31.")
    scope: kind.Text = Field(description="What was allowed.")
    until: kind.MaybeDay = Field(default=None, description="Last day it is allowed; without end where nothing is said.")


class PricesModel(Model):
    """What a new machine costs, in the contract's currency."""

    model_config = ConfigDict(title="Prices")

    workstation: report.MaybePrice = Field(default=None, description="Price of a workstation.")
    laptop: report.MaybePrice = Field(default=None, description="Price of a laptop.")
    server: report.MaybePrice = Field(default=None, description="Price of a server.")


class ContractModel(Model):
    """What the provider does for the client each month, for the plan."""

    model_config = ConfigDict(title="Contract")

    hours_per_month: report.Hours = Field(description="Hours of work that the contract holds each month.")
    rate: report.MaybeRate = Field(default=None, description="Price of an hour of work; without it no money is shown.")
    currency: report.MaybeCurrency = Field(default=None, description="Currency of rate and prices, such as EUR.")
    prices: PricesModel | None = Field(
        default=None, description="Prices of a new machine by its role, for machines that have to be replaced."
    )

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> ContractModel:
        money = self.rate is not None or self.prices is not None
        if money and self.currency is None:
            raise refuse("expected a currency beside rate and prices; add currency, such as EUR")
        if self.currency is not None and not money:
            raise refuse("expected rate or prices beside currency; add one of them, or leave currency out")
        return self


class GoalModel(Model):
    """The letter that provider and client agreed to reach; reports draw it and say how far it is."""

    model_config = ConfigDict(title="Goal")

    letter: report.Letter = Field(description="The letter, from A to D.")
    by: kind.MaybeDay = Field(default=None, description="The day it was agreed for, such as 2027-03-31.")


class RetiredModel(Model):
    """An endpoint that left. One that is simply deleted from the list stays expected."""

    model_config = ConfigDict(title="Retired")

    name: kind.Name = Field(description="Name that it had.")
    on: kind.Day = Field(description="The day it left, such as 2026-01-31.")
    reason: kind.Text = Field(description="Why it left: sold, broken, replaced by ...")


_LOCALE_SAID = "How dates and money are written in reports, such as en-US (Nov 14, 2026); en-GB where nothing is said."
_PAPER_SAID = "Paper that reports are printed on: a4 or letter; where nothing is said, what the locale's country uses."


class ClientModel(Model):
    """One client with everything that belongs to it."""

    model_config = ConfigDict(title="Client")

    client: kind.Name = Field(description="The client's name, unique among all inventories loaded together.")
    time_zone: report.MaybeZone = Field(
        default=None, description="Time zone for dates in reports, such as Europe/London; else UTC."
    )
    standard: kind.MaybeName = Field(
        default=None, description="Name or file of the standard to audit by; it-partner where nothing is said."
    )
    exceptions: kind.MaybeFile = Field(
        default=None, description="File with what was agreed to, declined or stated; relative paths start at this folder."
    )
    provider: ProviderModel | None = Field(default=None, description="Who does the audit; shown in the report.")
    authorised: AuthorisationModel | None = Field(default=None, description="Who allowed the audit.")
    contract: ContractModel | None = Field(default=None, description="Hours a month that the provider is paid for.")
    goal: GoalModel | None = Field(default=None, description="The letter that was agreed to be reached.")
    contact: ContactModel | None = Field(
        default=None, description="Who at the client is asked for machines; a site may have its own."
    )
    locale: report.MaybeLocale = Field(default=None, description=_LOCALE_SAID)
    paper: report.MaybePaper = Field(default=None, description=_PAPER_SAID)
    credentials: dict[kind.Name, CredentialModel] = Field(
        default={}, description="Named ways to log in, for this client only."
    )
    defaults: DefaultsModel = Field(default=DefaultsModel(), description="Settings for every endpoint of this client.")
    sites: dict[kind.Name, SiteModel] = Field(default={}, description="Named places.")
    groups: dict[kind.Name, GroupModel] = Field(default={}, description="Named sets of endpoints with shared settings.")
    endpoints: list[GivenEndpoint] = Field(
        default=[],
        description="Every machine that is expected to be in order; here, in the lists of endpoints_from, or both.",
    )
    endpoints_from: kind.MaybeFiles = Field(
        default=None,
        description="Lists with further endpoints, a row each: files that end in .csv or .xlsx; list.xlsx#Computers names "
        "a sheet.",
    )
    retired: list[RetiredModel] = Field(default=[], description="Endpoints that have left.")


class ClientsModel(Model):
    """Several clients in one file, with what they share."""

    model_config = ConfigDict(title="Clients")

    provider: ProviderModel | None = Field(default=None, description="Provider of every client that names none.")
    time_zone: report.MaybeZone = Field(default=None, description="Time zone of every client that names none.")
    standard: kind.MaybeName = Field(default=None, description="Standard of every client that names none.")
    locale: report.MaybeLocale = Field(default=None, description="Locale of every client that names none.")
    paper: report.MaybePaper = Field(default=None, description="Paper of every client that names none.")
    defaults: DefaultsModel = Field(
        default=DefaultsModel(), description="Settings for every endpoint in this file; a client's own win."
    )
    clients: list[ClientModel] = Field(
        description="The clients, each with the keys of a file that holds one.", min_length=1
    )
