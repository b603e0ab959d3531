"""A wrong password is stopped after a few machines, a right one holds nobody up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from scorecard.errors import FailureKind, TransportError
from scorecard.model import Credential, Endpoint, SecretRef
from scorecard.transports.accounts import Accounts
from scorecard.transports.watchdog import Deadline

SHARED = SecretRef("env", "PASSWORD")
OWN = SecretRef("command", ("laps", "{name}"))


def endpoint(name: str, password: SecretRef = SHARED, client: str = "Acme") -> Endpoint:
    return Endpoint(name, client, name, credential=Credential("audit", client, user="audit", password=password))


def attempt(accounts: Accounts, asked: Endpoint, *, right: bool | None, user: str = "audit") -> None:
    with accounts.trying(asked, user, asked.address, Deadline(30)) as made:
        if right is True:
            made.accepted()
        elif right is False:
            made.refused()


def test_after_so_many_refusals_no_other_machine_is_asked() -> None:
    accounts = Accounts(2)
    for name in "ab":
        attempt(accounts, endpoint(name), right=False)
    with pytest.raises(TransportError, match="stopped to protect the account, since 2 machines refused audit") as caught:
        attempt(accounts, endpoint("c"), right=True)
    assert caught.value.kind is FailureKind.AUTH_FAILED
    attempt(accounts, endpoint("c", client="Another"), right=False)  # another client's password
    attempt(accounts, endpoint("c"), right=False, user="another user")


def test_the_first_that_accepts_opens_the_way_for_all() -> None:
    accounts = Accounts(1)
    attempt(accounts, endpoint("a"), right=True)
    for name in "bcdef":
        attempt(accounts, endpoint(name), right=False)


def test_what_judged_no_password_counts_for_nothing() -> None:
    accounts = Accounts(1)
    for name in "abc":
        attempt(accounts, endpoint(name), right=None)
    with suppress(RuntimeError), accounts.trying(endpoint("d"), "audit", "d", Deadline(30)):
        raise RuntimeError
    attempt(accounts, endpoint("e"), right=True)


def test_a_password_of_each_machine_is_counted_for_itself() -> None:
    accounts = Accounts(1)
    for name in "abc":
        attempt(accounts, endpoint(name, OWN), right=False)


def test_a_command_that_is_told_nothing_of_the_machine_gives_all_the_same_password() -> None:
    for words in (("pass", "show", "audit"), ("vault", "{client}")):
        accounts, same = Accounts(2), SecretRef("command", words)
        for name in "ab":
            attempt(accounts, endpoint(name, same), right=False)
        with pytest.raises(TransportError, match="stopped to protect the account"):
            attempt(accounts, endpoint("c", same), right=True)


def test_fifty_that_wait_when_the_refusals_come_all_end_at_once() -> None:
    accounts, kinds, lock = Accounts(3), list[FailureKind](), threading.Lock()
    hold = threading.Event()

    def one(number: int) -> None:
        try:
            with accounts.trying(endpoint(f"m{number}"), "audit", f"m{number}", Deadline(60)) as made:
                hold.wait(30)
                made.refused()
        except TransportError as error:
            with lock:
                kinds.append(error.kind)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(53)]
    for thread in threads:
        thread.start()
    hold.set()
    for thread in threads:
        thread.join(30)
    assert not [thread for thread in threads if thread.is_alive()]
    assert kinds == [FailureKind.AUTH_FAILED] * 50


def test_who_waits_for_others_keeps_its_own_deadline_and_sends_no_password_after_it() -> None:
    accounts = Accounts(1)
    with accounts.trying(endpoint("hangs"), "audit", "hangs", Deadline(60)):
        late = accounts.trying(endpoint("a"), "audit", "a", Deadline(0.2))
        with pytest.raises(TransportError, match="was not known in time") as caught, late:
            pytest.fail("it was let in")
        assert caught.value.kind is FailureKind.DEADLINE


@pytest.mark.parametrize(("right", "asked"), [(False, 3), (True, 40)])
def test_never_more_at_a_time_than_may_refuse(right: bool, asked: int) -> None:
    accounts, lock = Accounts(3), threading.Lock()
    under_way, most_unproven, tried = [0], [0], [0]
    proven = threading.Event()

    def one(name: str) -> None:
        with suppress(TransportError), accounts.trying(endpoint(name), "audit", name, Deadline(60)) as made:
            with lock:
                under_way[0] += 1
                tried[0] += 1
                if not proven.is_set():
                    most_unproven[0] = max(most_unproven[0], under_way[0])
            threading.Event().wait(0.01)
            if right:
                proven.set()
            judge: Callable[[], None] = made.accepted if right else made.refused
            judge()
            with lock:
                under_way[0] -= 1

    threads = [threading.Thread(target=one, args=(f"m{number}",)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tried[0] == asked
    assert most_unproven[0] <= 3


def test_what_was_accepted_elsewhere_holds_nobody_up() -> None:
    accounts = Accounts(1)
    accounts.is_right(endpoint("a"))
    for name in "bcd":
        attempt(accounts, endpoint(name), right=False)
    attempt(accounts, endpoint("a", OWN), right=False)
    with pytest.raises(TransportError):
        attempt(accounts, endpoint("a", OWN), right=False)
