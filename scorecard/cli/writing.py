"""What a command is to write: what `--format`, `--edition`, `--with-letter` and `--redact` come to together."""

from __future__ import annotations

import click

from scorecard import outputs


def what_to_write(
    formats: str | None, editions: str | None, *, with_letter: bool, redact: bool | None, as_json: bool, files: bool
) -> tuple[tuple[str, ...], outputs.Look]:
    """Formats, and how they look. `files`: whether any file is written. Raises UsageError or InputError."""
    if as_json and redact:
        raise click.UsageError("--json prints the audit document, which holds all names; leave --json or --redact out")
    given = {"--format": formats, "--edition": editions, "--with-letter": with_letter, "--redact": redact}
    for option, value in given.items():
        if value and not files:
            raise click.UsageError(f"{option} is about the files written, so give --out as well")
    look = outputs.look(editions, with_letter=with_letter, redact=redact)
    return outputs.chosen_formats(formats, look), look
