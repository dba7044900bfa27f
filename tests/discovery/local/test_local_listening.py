"""Which program a socket belongs to is told by a table, and is what looking at each would tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from discovery.machine.connections import Listeners
from discovery.machine.payload import Machine, MachinePayload, Process, Socket
from discovery.machine.software import Software

PORTS = st.sampled_from([22, 80, 443, 5432, 40000])
PIDS = st.none() | st.integers(min_value=1, max_value=6)
ADDRESSES = st.sampled_from(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1"])
PROTOCOLS = st.sampled_from(["tcp", "udp"])
LISTENING = st.builds(Socket, PROTOCOLS, ADDRESSES, PORTS, pid=PIDS)
CONNECTED = st.builds(Socket, PROTOCOLS, ADDRESSES, PORTS, st.just("10.0.0.2"), PORTS, PIDS)
PROGRAMS = st.sampled_from(["sshd", "nginx", "postgres", "shopd", "systemd"])


def machine(sockets: list[Socket], programs: list[str]) -> MachinePayload:
    return MachinePayload(
        Machine("web1", "Linux", "6.1", "x86_64"),
        sockets=tuple(sockets),
        processes=tuple(Process(n, n // 2, p, f"/usr/bin/{p}") for n, p in enumerate(programs, 1)),
    )


@given(st.lists(LISTENING, max_size=8), st.lists(PROGRAMS, max_size=6))
def test_a_socket_is_of_the_program_that_has_it(sockets: list[Socket], programs: list[str]) -> None:
    software = Software(machine(sockets, programs))
    for seen in sockets:
        holders = [i for i in software.instances if seen in i.sockets]
        found = software.listening(seen)
        assert found in holders if holders else found is None


@given(st.lists(LISTENING | CONNECTED, max_size=10))
def test_a_connection_was_accepted_where_somebody_listens_there(sockets: list[Socket]) -> None:
    listeners = Listeners(machine(sockets, []))
    connected = [s for s in sockets if s.protocol == "tcp" and s.remote_address]
    there = {s: listeners.at(s.address, s.port) for s in connected}
    assert [s for _, s in listeners.accepted] == [s for s in connected if there[s]]
    assert listeners.called == [s for s in connected if not there[s]]
    for listener, seen in listeners.accepted:
        assert listener is there[seen]
        assert not listener.remote_address
        assert listener.port == seen.port
