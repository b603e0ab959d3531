"""The probe by Fabric, in the interpreter that has it: `python peer_fabric.py TASK.json` prints every answer.

As its documentation has it, a Connection an endpoint, in a pool of threads; but it takes any host key unless told
otherwise, so it is told.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def main(task: dict[str, Any]) -> None:
    import paramiko
    from fabric import Connection  # type: ignore[import-not-found] # only its own interpreter has it

    kind, key = task["host_key"].split()
    host_key = paramiko.PKey.from_type_string(kind, b64decode(key))

    def ask(address: str) -> str:
        with Connection(
            address,
            user=task["user"],
            port=task["port"],
            connect_kwargs={"key_filename": task["key"], "allow_agent": False, "look_for_keys": False},
        ) as connection:
            connection.client.get_host_keys().add(f"[{address}]:{task['port']}", kind, host_key)
            connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            return str(connection.run(task["probe"], hide=True, in_stream=False).stdout)

    with ThreadPoolExecutor(task["together"]) as pool:
        for answer in pool.map(ask, task["addresses"]):
            print(answer)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
