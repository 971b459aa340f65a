"""A device of Brian2, `set_device("spikelearn")`, on which every run of a script is one of spikelearn."""

from __future__ import annotations

import sys
from typing import Any

from spikelearn.equations.brian import import_brian2
from spikelearn.errors import DescriptionError
from spikelearn.interop.brian2.network import Brian2Network, from_brian2

_OURS = "_spikelearn"
"""The attribute of a Brian2 network with the Network that was made of it."""


def register() -> Any:
    """Make the device known to Brian2; returns it."""
    import_brian2()
    from brian2.core.namespace import get_local_namespace
    from brian2.core.network import TextReport
    from brian2.devices.device import RuntimeDevice, all_devices, runtime_device

    class SpikelearnDevice(RuntimeDevice):
        """Brian2's own device, of which it shares all arrays, but for the runs of networks."""

        def __init__(self) -> None:
            super().__init__()
            self.__dict__ = runtime_device.__dict__ | {"build_on_run": True, "build_options": {}}

        def activate(self, build_on_run: bool = True, **options: Any) -> None:
            if runtime_device.defaultclock is None:
                runtime_device.activate()
            self.defaultclock = runtime_device.defaultclock
            super().activate(build_on_run, **options)

        def network_run(
            self, network: Any, duration: Any, report: Any = None, report_period: Any = None, namespace: Any = None,
            profile: Any = None, level: int = 0,
        ) -> None:  # fmt: skip
            if namespace is None:
                namespace = get_local_namespace(level=level + 2)
            net = network_of(network, namespace)
            if profile:
                raise DescriptionError(
                    "run: profile=True is for Brian2's own devices; see spikelearn's docs/profile.md"
                )
            tell = _report(report, TextReport)
            start = network.t
            tell(0.0, 0.0, start, duration)
            run = net.run(duration, namespace=namespace)
            tell(run.wall_s, 1.0, start, duration)
            for each in network.sorted_objects:
                each._network = network.id
            if type(network).__name__ == "MagicNetwork":
                network.objects.clear()

    found = all_devices.setdefault("spikelearn", SpikelearnDevice())
    return found


def network_of(network: Any, namespace: Any) -> Brian2Network:
    """The Network of a network of Brian2 on this device, made anew if that begins anew, at 0 s."""
    net = getattr(network, _OURS, None)
    if net is None or float(network.t_) == 0.0:
        net = from_brian2(network, namespace=namespace)
        object.__setattr__(network, _OURS, net)
    return net


def _report(report: Any, text_report: Any) -> Any:
    """A function that reports how far a run is, as Brian2 would."""
    if report is None:
        return lambda *arguments: None
    b2 = import_brian2()
    streams = {"text": sys.stdout, "stdout": sys.stdout, "stderr": sys.stderr}
    if isinstance(report, str) and report not in streams:
        raise ValueError(f'Do not know how to handle report argument "{report}".')
    function = text_report(streams[report]) if isinstance(report, str) else report
    return lambda elapsed, *more: function(elapsed * b2.second, *more)


register()
