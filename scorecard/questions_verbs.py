"""The verbs of `windows.yaml`: what each takes, and how it is sent (questions.py reads the file)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from scorecard import questions_safety as safety
from scorecard.model import Json


class Outer(BaseModel):
    """A whole question, seen by one of its readers: each takes its own keys, questions.py looks for foreign ones."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Verb(Outer):
    def asked(self) -> dict[str, Json]:
        """The keys of the verb as they are sent, flat, all of them."""
        raise NotImplementedError


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Ascii = Annotated[str, StringConstraints(min_length=1, max_length=400), AfterValidator(safety.plain)]
Property = Annotated[Ascii, AfterValidator(safety.property_name)]
ValueName = Annotated[str, StringConstraints(max_length=255), AfterValidator(safety.value_name)]
ServiceName = Annotated[Ascii, AfterValidator(safety.service_name)]
LocalPath = Annotated[Ascii, AfterValidator(safety.local_path)]
LogName = Annotated[Ascii, AfterValidator(safety.log_name)]


# --- cim -----------------------------------------------------------------------------------------------------------


class _CimKeys(_Inner):
    namespace: Annotated[Ascii, AfterValidator(safety.namespace)]
    class_: Annotated[Ascii, AfterValidator(safety.class_name)] = Field(alias="class")
    filter: Annotated[str, AfterValidator(safety.condition)] = ""
    keep: list[Property] = []

    @model_validator(mode="after")
    def _narrow_enough(self) -> _CimKeys:
        safety.class_with_condition(self.class_, self.filter)
        return self


class Cim(Verb):
    beside: ClassVar[tuple[str, ...]] = ("call", "static", "paths")

    cim: _CimKeys
    call: list[str | dict[str, dict[str, int]]] = []
    static: bool = False
    paths: list[Property] = []

    @field_validator("call")
    @classmethod
    def _methods_are_known(cls, call: list[Any]) -> list[Any]:
        names = [name for name, _ in _calls(call)]
        for name in names:
            safety.method_name(name)
        if len(set(names)) != len(names):
            raise ValueError("names a method twice; ask the second time in a question of its own")
        return call

    @model_validator(mode="after")
    def _fits_together(self) -> Cim:
        for name, given in _calls(self.call):
            safety.method(self.cim.class_, name, given, static=self.static)
        if self.static and (not self.call or self.cim.keep or self.cim.filter or self.paths):
            raise ValueError("static: true calls methods on the class: it needs call, and takes no keep, filter or paths")
        if not self.static and not (self.cim.keep or self.call):
            raise ValueError("expected keep with the properties to read, or call with the methods")
        if missing := [name for name in self.paths if name not in self.cim.keep]:
            raise ValueError(f"paths: {', '.join(missing)} must stand in keep as well")
        return self

    def asked(self) -> dict[str, Json]:
        calls: list[Json] = [{"name": name, "in": {**given}} for name, given in _calls(self.call)]
        return {
            "namespace": self.cim.namespace,
            "class": self.cim.class_,
            "filter": self.cim.filter,
            "keep": [*self.cim.keep],
            "call": calls,
            "static": self.static,
            "paths": [*self.paths],
        }


def _calls(call: list[Any]) -> list[tuple[str, dict[str, int]]]:
    """`[GetLockStatus, {GetConversionStatus: {PrecisionFactor: 0}}]` as names with what they are given."""
    return [pair for one in call for pair in ([(one, {})] if isinstance(one, str) else list(one.items()))]


# --- the others ----------------------------------------------------------------------------------------------------


class _RegistryKeys(_Inner):
    key: Annotated[Ascii, AfterValidator(safety.registry_key)]
    values: list[ValueName] | str = []
    depth: Annotated[int, Field(ge=0, le=3)] = 0
    at_most: Annotated[int, Field(ge=1, le=2000)] = 200

    @model_validator(mode="after")
    def _fits_together(self) -> _RegistryKeys:
        if isinstance(self.values, str):
            if self.values != "all":
                raise ValueError("values: expected a list of names in brackets, or the word all")
            safety.all_values(self.key, self.depth)
        return self


class Registry(Verb):
    registry: _RegistryKeys

    def asked(self) -> dict[str, Json]:
        keys = self.registry
        every = isinstance(keys.values, str)
        names: list[Json] = [] if isinstance(keys.values, str) else [*keys.values]
        return {"key": keys.key, "values": names, "all": every, "depth": keys.depth, "at_most": keys.at_most}


class _ServicesKeys(_Inner):
    names: list[ServiceName] = Field(min_length=1, max_length=400)


class Services(Verb):
    services: _ServicesKeys

    def asked(self) -> dict[str, Json]:
        return {"names": [*self.services.names]}


class _FilesKeys(_Inner):
    paths: list[LocalPath] = Field(min_length=1, max_length=200)
    text_kb: Annotated[int, Field(ge=0, le=256)] = 0

    @model_validator(mode="after")
    def _no_text_of_people(self) -> _FilesKeys:
        if self.text_kb:
            for path in self.paths:
                safety.readable(path)
        return self


class Files(Verb):
    files: _FilesKeys

    def asked(self) -> dict[str, Json]:
        return {"paths": [*self.files.paths], "text_kb": self.files.text_kb}


class _EventsKeys(_Inner):
    log: LogName
    provider: Annotated[str, AfterValidator(safety.provider)] = ""
    # The event log's query language takes about twenty conditions in one query.
    ids: list[Annotated[int, Field(ge=0, le=65535)]] = Field(min_length=1, max_length=20)
    levels: list[Annotated[int, Field(ge=0, le=5)]] = []
    days: Annotated[int, Field(ge=1, le=400)]
    at_most: Annotated[int, Field(ge=1, le=50)] = 50
    fields: list[Property] = []


class Events(Verb):
    events: _EventsKeys

    def asked(self) -> dict[str, Json]:
        return self.events.model_dump()


class Updates(Verb):
    updates: _Inner

    def asked(self) -> dict[str, Json]:
        return {"online": False}


# The design's `accounts` and `command` have no topic yet, and the prelude has no answer to them: they are refused.
VERBS: dict[str, type[Verb]] = {
    "cim": Cim,
    "registry": Registry,
    "services": Services,
    "files": Files,
    "events": Events,
    "updates": Updates,
}
BESIDE: dict[str, tuple[str, ...]] = {"cim": Cim.beside}
