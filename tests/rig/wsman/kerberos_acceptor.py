"""Accepts Kerberos logins: a program for Debian's own Python, which has python3-gssapi whatever Python the tests run in.

It keeps the GSS contexts of one server. A line of JSON is a request, a line of JSON the answer, bytes are Base64; it ends
with its input. The keytab comes by KRB5_KTNAME. Refusals are answers: `{"refused": "why", "token": "KRB-ERROR or empty"}`.

    {"do": "step", "context": 1, "token": "...", "bindings": "..." or null}  -> {"token", "complete", "user"}
    {"do": "wrap", "context": 1, "data": "..."}                              -> {"header", "data"}
    {"do": "unwrap", "context": 1, "header": "...", "data": "..."}           -> {"data"}
    {"do": "forget", "context": 1}                                           -> {}
"""

from __future__ import annotations

import base64
import importlib
import json
import sys
from typing import Any

gss: Any = importlib.import_module("gssapi.raw")


def main() -> None:
    credentials = gss.acquire_cred(None, usage="accept").creds
    contexts: dict[int, Any] = {}
    print("{}", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        number = asked["context"]
        try:
            match asked["do"]:
                case "step":
                    answer, contexts[number] = step(contexts.get(number), credentials, asked)
                case "wrap":
                    answer = wrap(contexts[number], bytes_of(asked["data"]))
                case "unwrap":
                    answer = unwrap(contexts[number], bytes_of(asked["header"]), bytes_of(asked["data"]))
                case "forget":
                    contexts.pop(number, None)
                    answer = {}
                case other:
                    raise ValueError(other)
        except gss.GSSError as error:
            answer = {"refused": " ".join(str(error).split()), "token": text_of(error.token)}
        print(json.dumps(answer), flush=True)


def step(context: Any, credentials: Any, asked: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """As with CbtHardeningLevel=Strict: over TLS the token must be bound to the server's certificate."""
    bindings = asked["bindings"] and gss.ChannelBindings(application_data=bytes_of(asked["bindings"]))
    done = gss.accept_sec_context(bytes_of(asked["token"]), credentials, context, bindings or None)
    if bindings and not done.more_steps and gss.RequirementFlag.channel_bound not in done.flags:
        return {"refused": "not bound to the certificate", "token": ""}, None
    user = "" if done.more_steps else gss.display_name(done.initiator_name, name_type=False).name.decode()
    return {"token": text_of(done.token), "complete": not done.more_steps, "user": user}, done.context


def wrap(context: Any, data: bytes) -> dict[str, str]:
    kinds = gss.IOVBufferType
    buffers = gss.IOV(kinds.header, data, kinds.padding, std_layout=False)
    gss.wrap_iov(context, buffers, confidential=True)
    return {"header": text_of(buffers[0].value), "data": text_of(buffers[1].value + (buffers[2].value or b""))}


def unwrap(context: Any, header: bytes, data: bytes) -> dict[str, str]:
    buffers = gss.IOV((gss.IOVBufferType.header, False, header), data, std_layout=False)
    if not gss.unwrap_iov(context, buffers).encrypted:
        return {"refused": "signed but not encrypted", "token": ""}
    return {"data": text_of(buffers[1].value)}


def bytes_of(text: str) -> bytes:
    return base64.b64decode(text)


def text_of(data: bytes | None) -> str:
    return base64.b64encode(data or b"").decode()


if __name__ == "__main__":
    main()
