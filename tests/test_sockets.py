"""Addresses that several processes listen on."""

import resource
import socket
from collections import Counter
from contextlib import ExitStack

import pytest

from punnet.errors import BadSetting
from punnet.settings import Settings
from punnet.sockets import allow_many, beside, bind, reserved


def call(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=5)


def test_an_address_that_is_reserved_is_kept_and_answers_nobody():
    listener = bind(Settings(port=0))
    address = listener.getsockname()
    with reserved(listener) as keeping:
        assert keeping.getsockname() == address
        assert listener.fileno() == -1
        with pytest.raises(ConnectionRefusedError):
            call(address)
        with pytest.raises(BadSetting, match="set HOST and PORT to others"):
            bind(Settings(port=address[1]))


def test_who_listens_beside_others_has_callers_of_its_own():
    with ExitStack() as stack:
        keeping = stack.enter_context(reserved(bind(Settings(port=0))))
        several = [stack.enter_context(beside(keeping)) for _ in range(2)]
        for _ in range(60):
            stack.enter_context(call(keeping.getsockname()))
        counts: Counter[int] = Counter()
        for number, listener in enumerate(several):
            listener.setblocking(False)
            while True:
                try:
                    stack.enter_context(listener.accept()[0])
                except BlockingIOError:
                    break
                counts[number] += 1
    assert counts.total() == 60
    assert min(counts.values()) >= 5


def test_a_second_server_is_refused_while_others_share_the_address():
    with (
        reserved(bind(Settings(port=0))) as keeping,
        beside(keeping),
        pytest.raises(BadSetting, match="Punnet cannot listen on"),
    ):
        bind(Settings(port=keeping.getsockname()[1]))


def test_a_server_may_hold_as_many_sockets_as_the_machine_allows_it():
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(usual, 512), most))
        allow_many()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
