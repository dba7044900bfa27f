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
        ports = [s.port for s in sorted(self.sockets, key=lambda s: (s.protocol, s.port))]
        usual = [port for port in self.product.ports if port in ports]
        return next(iter(usual or ports), None)


class Software:
    """All instances of software on a machine, and which process belongs to which."""

    def __init__(self, payload: MachinePayload) -> None:
        self._processes = {p.pid: p for p in payload.processes}
        self._products = {p.pid: product_of(p) for p in payload.processes}
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
        found = self._of_root.get((self._root(pid), self._products[pid].name))
        if found is None and self._products[pid].known:
            found = self._instance(pid)
        return found

    def listening(self, socket: Socket) -> Instance | None:
        """The instance that a listening socket belongs to."""
        return next((i for i in self._of_root.values() if socket in i.sockets), None)

    def _serves(self, seen: Socket) -> bool:
        # A UDP socket on a port drawn by chance waits for an answer, not for clients.
        first, last = self._ephemeral
        return seen.protocol == "tcp" or not first <= seen.port <= last

    def _root(self, pid: int) -> int:
        """The highest ancestor of the same product: workers belong to their master."""
        if pid in self._roots:
            return self._roots[pid]
        product, root, seen = self._products[pid].name, pid, {pid}
        while (parent := self._processes[root].parent) in self._processes and parent not in seen:
            if self._products[parent].name != product:
                break
            root = parent
            seen.add(root)
        self._roots[pid] = root
        return root

    def _instance(self, pid: int, held: Socket | None = None) -> Instance:
        root, product = self._root(pid), self._products[pid]
        if held is not None and product.name == "systemd":
            product = BY_NAME.get(PORT_OWNERS.get((held.protocol, held.port), ""), product)
        return self._of_root.setdefault(
            (root, product.name), Instance(product, self._processes[root])
        )

    def _of_unit(self, unit: str) -> None:
        """A service that listens on nothing, such as a worker, is one instance by its own name."""
        pids = sorted(p.pid for p in self._processes.values() if p.unit == unit)
        places = {(self._root(pid), self._products[pid].name) for pid in pids}
        if places & self._of_root.keys():
            return
        main = next((p for p in pids if self._processes[p].parent not in pids), pids[0])
        instance = Instance(Product(unit, known=False), self._processes[main])
        self._of_root.update(dict.fromkeys(places, instance))

    def _guess(self, unowned: Iterable[Socket]) -> None:
        """Sockets whose owner may not be seen go to the software that usually has their port.

        Only where exactly one such product runs here: its processes show by name to everybody.
        """
        running: dict[str, int] = {}
        for pid, product in sorted(self._products.items()):
            if product.known:
                running.setdefault(product.name, self._root(pid))
        for seen in unowned:
            candidates = [p for p in usual_owner(seen.protocol, seen.port) if p.name in running]
            if len(candidates) == 1:
                root = running[candidates[0].name]
                place = (root, candidates[0].name)
                if place not in self._of_root:
                    self._of_root[place] = Instance(
                        candidates[0], self._processes[root], guessed=True
                    )
                self._of_root[place].sockets.append(seen)
