"""What is measured of a running desk, in Prometheus' terms."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from kuraban.core.policy import ACTIONS
from kuraban.journal.live import Taken
from kuraban.server.pulse import Pulse
from kuraban.server.refusals import POSSIBLE

BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Latency:
    """Counts of one route's requests by their time. The library's own histogram costs as much as parsing the event."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One request. Called in the event loop only."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class _Latencies(Collector):
    def __init__(self, routes: dict[str, Latency]):
        self._routes = routes

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily("kuraban_request_seconds", "Time of a request", labels=["route"])
        for route, latency in self._routes.items():
            sums = accumulate(latency.counts)
            bounds = [*map(str, BOUNDS), "+Inf"]
            family.add_metric([route], list(zip(bounds, sums, strict=True)), latency.total)
        yield family


class Meters:
    """One registry per server. now: seconds since 1970."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter("kuraban_events", "Events by outcome", ["outcome"], registry=registry)
        self.rejects = Counter("kuraban_rejects", "Rejected events by reason", ["code"], registry=registry)
        self.decisions = Counter("kuraban_decisions", "Decisions by action", ["action"], registry=registry)
        self.fallbacks = Counter("kuraban_fallbacks", "Deadlines missed", registry=registry)
        self.requests = Counter("kuraban_requests", "Requests by status", ["route", "status"], registry=registry)
        self.stages = Histogram(
            "kuraban_stage_seconds", "Time of a batch by stage", ["stage"], buckets=BOUNDS, registry=registry
        )
        self.latency = {route: Latency() for route in ("/v1/decide", "/v1/events")}
        registry.register(_Latencies(self.latency))
        self.batch_size = Histogram(
            "kuraban_batch_events", "Events decided at once", buckets=[4**n for n in range(8)], registry=registry
        )
        self.queue = Gauge("kuraban_queue_events", "Events that wait", registry=registry)
        self.state = Gauge("kuraban_state", "Size of the state", ["of"], registry=registry)
        self.journal = Gauge("kuraban_journal_events", "Events journaled since the last snapshot", registry=registry)
        self.conditions = Gauge("kuraban_condition", "1 while a condition lasts", ["code"], registry=registry)
        self.messages = Counter("kuraban_messages", "Messages to others", ["target", "outcome"], registry=registry)
        self.failures = Counter("kuraban_engine_failures", "Errors that stopped the engine", registry=registry)
        self.alert_rate = Gauge(
            "kuraban_alert_rate", "Share of decisions of challenge or more, lately", registry=registry
        )
        self.shadow = Counter(
            "kuraban_shadow_decisions", "Decisions of both policies", ["action", "shadow"], registry=registry
        )
        self.denials = Counter("kuraban_owner_denials", "Locks by an owner's own word", registry=registry)
        self.mail_only = Gauge("kuraban_owners_by_mail_only", "Owners reached by e-mail alone", registry=registry)
        self.proposals = Gauge("kuraban_policy_proposals", "Changes that wait for a second person", registry=registry)
        self.refused = Counter(
            "kuraban_refused", "Sign-ins and requests refused", ["what", "problem"], registry=registry
        )
        for what, problem in POSSIBLE:  # from 0 on: the first would be no increase otherwise
            self.refused.labels(what, problem)
        self.pulse = Pulse(now)
        self._recent = [0.0, 0.0]
        self._taken = {name: self.events.labels(name) for name in ("accepted", "duplicate", "rejected")}
        self._actions = [self.decisions.labels(action) for action in ACTIONS]
        self._engine, self._commit = self.stages.labels("engine"), self.stages.labels("commit")

    def batch(self, taken: Taken, second: int, counts: Sequence[int], engine: float, commit: float) -> None:
        """A batch has been decided and made durable: in which second (since 1970) it came, decisions by action, seconds
        for each."""
        self._taken["accepted"].inc(len(taken))
        if taken.duplicates:
            self._taken["duplicate"].inc(len(taken.duplicates))
        for reject in taken.rejects:
            self._taken["rejected"].inc()
            self.rejects.labels(reject.code).inc()
        for action, count in enumerate(counts):
            if count:
                self._actions[action].inc(count)
        self.pulse.add(second, len(taken), counts)
        self._engine.observe(engine)
        self._commit.observe(commit)
        self.batch_size.observe(len(taken))
        # Over about the last hundred thousand decisions.
        fade = 0.99999 ** sum(counts)
        self._recent = [self._recent[0] * fade + sum(counts[2:]), self._recent[1] * fade + sum(counts)]
        if self._recent[1]:
            self.alert_rate.set(self._recent[0] / self._recent[1])

    def engine_failed(self) -> None:
        """The engine has stopped on an error."""
        self.failures.inc()

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)
