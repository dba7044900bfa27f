"""From sockets and processes to instances of software, one for each main process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from discovery.machine.payload import MachinePayload, Process, Socket
from discovery.machine.products import (
    BY_NAME,
    PORT_OWNERS,
    Product,
    product_of,
    usual_owner,
)
from discovery.machine.units import units_among

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # what sockets say; nothing is bound
"""What a socket that listens on all addresses says it listens on."""


@dataclass(slots=True)
class Instance:
    """One running installation: its main process, and the sockets that it listens on.

    ``guessed`` says that its process may not be seen, and that it is taken for the software that
    usually has that port because that software runs here.
    """

    product: Product
    process: Process
    sockets: list[Socket] = field(default_factory=list)
    guessed: bool = False

    @property
    def port(self) -> int | None:
        """The port it is known by: the product's usual one, else the lowest TCP port, else UDP."""
        if len(self.sockets) == 1:
            return self.sockets[0].port
        ports = [s.port for s in sorted(self.sockets, key=lambda s: (s.protocol, s.port))]
        usual = [port for port in self.product.ports if port in ports]
        return next(iter(usual or ports), None)


class Software:
    """All instances of software on a machine, and which process belongs to which."""

    def __init__(self, payload: MachinePayload) -> None:
        self._processes = {p.pid: p for p in payload.processes}
        self._products: dict[int, Product] = {}
        self._at_socket: dict[Socket, Instance] | None = None
        self._roots: dict[int, int] = {}
        self._of_root: dict[tuple[int, str], Instance] = {}
        self._ephemeral = payload.machine.ephemeral_ports
        listening = [s for s in payload.sockets if not s.remote_address and self._serves(s)]
        for seen in listening:
            if seen.pid is not None and seen.pid in self._processes:
                self._instance(seen.pid, seen).sockets.append(seen)
        self._guess([s for s in listening if s.pid is None])
        for unit in units_among(payload.own_units, {p.unit for p in payload.processes}):
            self._of_unit(unit)

    @property
    def instances(self) -> list[Instance]:
        """The instances, by product, port and main process."""
        every = {id(instance): instance for instance in self._of_root.values()}
        return sorted(every.values(), key=lambda i: (i.product.name, i.port or 0, i.process.pid))

    def owner(self, pid: int | None) -> Instance | None:
        """The instance that a process belongs to.

        A process of a product that people know is an instance even where it listens on nothing.
        """
        if pid is None or pid not in self._processes:
            return None
        product = self._product(pid)
        found = self._of_root.get((self._root(pid), product.name))
        if found is None and product.known:
            found = self._instance(pid)
        return found

    def listening(self, socket: Socket) -> Instance | None:
        """The instance that a listening socket belongs to."""
        if self._at_socket is None:
            self._at_socket = {}
            for instance in self._of_root.values():
                for seen in instance.sockets:
                    self._at_socket.setdefault(seen, instance)
        return self._at_socket.get(socket)

    def _product(self, pid: int) -> Product:
        # Told when it is asked for: of most processes nobody asks.
        found = self._products.get(pid)
        if found is None:
            found = self._products[pid] = product_of(self._processes[pid])
        return found

    def _serves(self, seen: Socket) -> bool:
        # A UDP socket on a port drawn by chance waits for an answer, not for clients.
        first, last = self._ephemeral
        return seen.protocol == "tcp" or not first <= seen.port <= last

    def _root(self, pid: int) -> int:
        """The highest ancestor of the same product: workers belong to their master."""
        if pid in self._roots:
            return self._roots[pid]
        product, root, seen = self._product(pid).name, pid, {pid}
        while (parent := self._processes[root].parent) in self._processes and parent not in seen:
            if self._product(parent).name != product:
                break
            root = parent
            seen.add(root)
        self._roots[pid] = root
        return root

    def _instance(self, pid: int, held: Socket | None = None) -> Instance:
        root, product = self._root(pid), self._product(pid)
        if held is not None and product.name == "systemd":
            product = BY_NAME.get(PORT_OWNERS.get((held.protocol, held.port), ""), product)
        return self._of_root.setdefault(
            (root, product.name), Instance(product, self._processes[root])
        )

    def _of_unit(self, unit: str) -> None:
        """A service that listens on nothing, such as a worker, is one instance by its own name."""
        pids = sorted(p.pid for p in self._processes.values() if p.unit == unit)
        places = {(self._root(pid), self._product(pid).name) for pid in pids}
        if places & self._of_root.keys():
            return
        main = next((p for p in pids if self._processes[p].parent not in pids), pids[0])
        instance = Instance(Product(unit, known=False), self._processes[main])
        self._of_root.update(dict.fromkeys(places, instance))

    def _guess(self, unowned: Iterable[Socket]) -> None:
        """Sockets whose owner may not be seen go to the software that usually has their port.

        Only where exactly one such product runs here: its processes show by name to everybody.
        """
        owners = [(s, usual) for s in unowned if (usual := usual_owner(s.protocol, s.port))]
        if not owners:
            return
        running: dict[str, int] = {}
        for pid in sorted(self._processes):
            product = self._product(pid)
            if product.known:
                running.setdefault(product.name, self._root(pid))
        for seen, usual in owners:
            candidates = [p for p in usual if p.name in running]
            if len(candidates) == 1:
                root = running[candidates[0].name]
                place = (root, candidates[0].name)
                if place not in self._of_root:
                    self._of_root[place] = Instance(
                        candidates[0], self._processes[root], guessed=True
                    )
                self._of_root[place].sockets.append(seen)
