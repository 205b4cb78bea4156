"""Replay: sources of events through the engine, in one process.

`Replay` wires reader, reference data and core together; it is what `kuraban replay`, `kuraban explain` and the
benchmarks run. The same events give the same decisions whatever the size of the batches, and in two halves the same
as in one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban import snapshot
from kuraban.columns import Batch, Interner, Reader, Reject, prefetch
from kuraban.core import engine, policy
from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.core.profile import CROWD, DECISION, NETWORK, POPULATION, PROFILE
from kuraban.decisions import Writer, encoded
from kuraban.reference.clients import Clients
from kuraban.reference.instruments import Instruments
from kuraban.reference.networks import Networks
from kuraban.rendering import Renderer

CORE = {"profiles": PROFILE, "crowds": CROWD, "networks": NETWORK, "population": POPULATION}


@dataclass
class Summary:
    """What a replay found. `averted` is the expected loss of accounts challenged, held or locked, at its highest."""

    events: int = 0
    decisions: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    after_the_fact: int = 0
    groups: set[str] = field(default_factory=set)
    accounts_acted_on: int = 0
    averted: float = 0.0


class Replay:
    """One stream of events and the state it leaves.

    instruments: CSV of the contract, None for none; ipdb: a MaxMind-format file laid over the shipped table;
    policy_file: TOML laid over the shipped policy. lateness_s, batch_rows and rejects as of `Reader`.
    without: families of signals («trading») or single ones that are to say nothing, for ablations.
    """

    def __init__(
        self,
        *,
        instruments: str | Path | None = None,
        ipdb: str | Path | None = None,
        policy_file: str | Path | None = None,
        timezone: str = "Asia/Tokyo",
        lateness_s: float = 600.0,
        batch_rows: int = 16_384,  # what one holds fits the processor's cache
        rejects: Callable[[Reject], object] | None = None,
        without: Sequence[str] = (),
    ):
        self.policy = policy.mute(policy.load(policy_file), without)
        self.networks = Networks.load(ipdb)
        self.clients = Clients()
        self.instruments = Instruments.load(instruments, Interner())
        self.reader = Reader(
            self.networks,
            self.clients,
            self.instruments,
            timezone=timezone,
            lateness_s=lateness_s,
            batch_rows=batch_rows,
            rejects=rejects,
        )
        self.state = engine.State.empty()
        self.writer = Writer(self.reader.accounts.name, self.networks, self.clients, self.instruments)
        self._renderer = Renderer(self.writer)
        self.summary = Summary()
        self.summarised = True  # what runs without end turns it off: the summary remembers accounts and groups
        self._hours = np.ascontiguousarray(self.instruments.sessions_table, dtype=np.int64)
        self._worst: dict[int, float] = {}

    def read(self, sources: Sequence[str | Path], *, flush: bool = True) -> Iterator[tuple[Batch, NDArray[Any]]]:
        """Batches of events with their decisions (DECISION rows), read ahead in a thread of its own.

        With `flush` false the events that may still be overtaken by late ones stay in the reader (and in the state).
        """
        for batch in prefetch(self._batches(sources, flush)):
            yield batch, self.decide(batch)

    def _batches(self, sources: Sequence[str | Path], flush: bool) -> Iterator[Batch]:
        yield from self.reader.read(sources)
        if flush:
            yield from self.reader.flush()

    def decide(self, batch: Batch) -> NDArray[Any]:
        """The decisions on one batch, in order; `row` and `cause` point into it."""
        rows = batch.rows
        if rows.size == 1 and not batch.positions.size:
            # One event at a time is how live calls come: the calls to NumPy below would cost more than deciding does.
            known = int(rows[0]["instrument"]) + 1
            self.state.ensure(int(rows[0]["account"]) + 1, known)
            self.instruments.ensure(known)
        elif rows.size:
            known = int(rows["instrument"].max()) + 1
            if batch.positions.size:
                known = max(known, int(batch.positions["instrument"].max()) + 1)
            self.state.ensure(int(rows["account"].max()) + 1, known)
            # The reader may have met more instruments already, in batches read ahead; only these are needed.
            self.instruments.ensure(known)
        out = np.empty(rows.size + engine.ROOM + 1, DECISION)  # `emit` writes every field
        parts: list[NDArray[Any]] = []
        at = 0
        while at < rows.size:
            at, n = engine.run(
                self.state.profiles,
                self.state.crowds,
                self.state.networks,
                self.state.population,
                self.instruments.table,
                self._hours,
                self.policy,
                rows,
                batch.positions,
                batch.about,
                out,
                at,
            )
            parts.append(out[:n].copy() if at < rows.size else out[:n])
        found = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else out[:0]
        if self.summarised:
            self._count(rows.size, found)
        return found

    def _count(self, events: int, found: NDArray[Any]) -> None:
        self.summary.events += events
        self.summary.decisions += found.size
        if found.size == 1 and found[0]["row"] >= 0 and not found[0]["action"]:
            self.summary.actions[ACTIONS[0]] += 1
            return
        for action, n in enumerate(np.bincount(found["action"], minlength=len(ACTIONS)).tolist()):
            self.summary.actions[ACTIONS[action]] += n
        self.summary.after_the_fact += int((found["row"] < 0).sum())
        grouped = found[(found["group_kind"] > 0) & (found["action"] > 0)]
        self.summary.groups.update(group for row in grouped if (group := self.writer.group(row)))
        for row in found[found["action"] >= CHALLENGE]:
            account = int(row["account"])
            loss = float(row["probability"] * row["exposure"])
            before = self._worst.get(account, 0.0)
            if loss > before or account not in self._worst:
                self._worst[account] = max(loss, before)
                self.summary.averted += max(0.0, loss - before)
        self.summary.accounts_acted_on = len(self._worst)

    def lines(self, batch: Batch, found: NDArray[Any], *, everything: bool = False) -> Iterator[bytes]:
        """Decisions as lines of JSON: those above allow, or all."""
        chosen = found if everything else found[found["action"] > 0]
        events = [batch.id(index) if index >= 0 else None for index in chosen["row"].tolist()]
        times = [batch.time(cause) for cause in chosen["cause"].tolist()]
        accounts = [self.reader.accounts.name(code) for code in chosen["account"].tolist()]
        for decision in self._renderer.decisions(chosen, events, accounts, times):
            yield encoded(decision) + b"\n"

    def save(self, path: str | Path) -> None:
        """Write the whole state, to go on from later."""
        accounts = len(self.reader.accounts)
        instruments = len(self.instruments.interner)
        self.state.ensure(accounts, instruments)
        arrays = {
            "core.profiles": self.state.profiles[:accounts],
            "core.crowds": self.state.crowds[:instruments],
            "core.networks": self.state.networks,
            "core.population": self.state.population,
            "clients": np.frombuffer(self.clients.names(), dtype=np.uint8),
        }
        arrays.update({f"reader.{name}": array for name, array in self.reader.state().items()})
        snapshot.save(path, arrays)

    def load(self, path: str | Path) -> None:
        """Go on from a saved state.

        Raises `SnapshotError` when it is damaged, of another version, or was made with another lateness.
        """
        arrays = snapshot.load(path, roomy={"core.profiles"})
        core: dict[str, NDArray[Any]] = {}
        for name, dtype in CORE.items():
            array = arrays.get(f"core.{name}")
            if array is None or array.dtype != dtype:
                raise snapshot.SnapshotError(
                    f"{path} was saved by another version of Kuraban; replay the events to make a new state"
                )
            # To the compiler a dtype read from a file is another type than ours: it would compile the engine anew.
            core[name] = array.view(dtype)
        reader = {name[7:]: array for name, array in arrays.items() if name.startswith("reader.")}
        try:
            self._recode(reader)
            self.reader.restore(reader)
            if "clients" in arrays:
                self.clients.recall(arrays["clients"].tobytes())
        except (ValueError, KeyError) as error:
            raise snapshot.SnapshotError(f"{path} does not fit this run: {error}") from error
        self.state = engine.State(core["profiles"], core["crowds"], core["networks"], core["population"])

    def _recode(self, reader: dict[str, NDArray[Any]]) -> None:
        """Give each instrument the code it has in a saved state, and those that are only in the file the next ones.

        A file of instruments changes with every listing, and the codes with the order of its lines.
        """
        interner = self.instruments.interner
        listed = [interner.name(code) for code in range(len(interner))]
        interner.restore({name: reader[f"instruments.{name}"] for name in ("starts", "names")})
        for name in listed:
            interner.intern(name)
        self.instruments.refill()
