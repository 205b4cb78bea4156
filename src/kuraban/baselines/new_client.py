"""The rule most brokers have: challenge a login from a new device on a new network."""

from collections import defaultdict

from kuraban.baselines.stream import Event, Surroundings


class NewClient:
    """Counts what is new to the account: the device (its user agent where it has no id), and the network (its AS).

    Score: 1 for each of the two that was never seen at a login before, and a fraction that grows with the number of
    past logins n, n/(n + 10), to rank equals: the longer the history, the more a novelty says. The rule fires on both.
    """

    alarm: float | None = 2.0

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._devices: dict[str, set[str]] = defaultdict(set)
        self._networks: dict[str, set[int]] = defaultdict(set)
        self._logins: dict[str, int] = defaultdict(int)

    def observe(self, event: Event, time: int) -> float | None:
        """Scores logins only; the first login of an account has nothing to differ from."""
        if event.type != "login.succeeded":
            return None
        device = event.client.device or event.client.user_agent or ""
        network = self._around.place(event.client.ip).asn
        devices, networks = self._devices[event.account], self._networks[event.account]
        past = self._logins[event.account]
        new = (device not in devices) + (network not in networks)
        devices.add(device)
        networks.add(network)
        self._logins[event.account] = past + 1
        return new + past / (past + 10) if past and new else 0.0
