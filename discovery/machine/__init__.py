"""What every source understands of one machine: its software, connections, parts and names.

A source that looks at machines (the local one, others over SSH) reads them into a
:class:`~discovery.machine.payload.MachinePayload`; what it means is told here, once, so that the
same machine is the same items whoever looked at it.
"""
