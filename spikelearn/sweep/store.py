"""The store of a sweep: a directory with a database that holds complete results only.

`sweep.sqlite` has a row for each computed point, and records which process is computing which point;
`results.parquet` is made from it; `runs/` has the runs that were kept. SQLite makes each change atomic, however the
process ends, and lets several processes share a store. It is used without a write-ahead log, so that the processes may
be on several hosts if their shared file system has locks.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spikelearn.atomic_files import free_space
from spikelearn.errors import StoreError
from spikelearn.sweep.point import Result, as_json
from spikelearn.system import process_table, started

DATABASE, TABLE, RUNS = "sweep.sqlite", "results.parquet", "runs"
FORMAT = "2"
SILENT_S = 120.0
"""Seconds without a heartbeat after which a process on another host counts as dead."""
_COLUMNS = (
    "key", "settings", "replicate", "seed", "source", "status", "parameters", "metrics", "error", "traceback", "wall_s",
    "cpu_s", "peak_mb", "host", "started", "run_file", "versions",
)  # fmt: skip
_JSON = ("settings", "parameters", "metrics")
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS points ({", ".join(f"{c} TEXT PRIMARY KEY" if c == "key" else c for c in _COLUMNS)});
CREATE TABLE IF NOT EXISTS sessions (name TEXT PRIMARY KEY, host TEXT, pid INTEGER, born TEXT, beat REAL);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, session TEXT NOT NULL);
"""


class Store:
    """An open store. Every error is a StoreError that names the directory.

    directory: created if missing and `create` is true. A damaged store, or one of another format, raises StoreError and
    is left unchanged.
    """

    def __init__(self, directory: str | os.PathLike[str], create: bool = False) -> None:
        self.directory = Path(directory)
        path = self.directory / DATABASE
        self.session = ""
        self._opened: os.stat_result | None = None
        self._beats: dict[str, tuple[float, float]] = {}
        if not create and not path.is_file():
            raise StoreError(f"{self.directory}: not the store of a sweep (it has no {DATABASE})")
        with self._reported():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=60.0, isolation_level=None)
        try:
            with self._reported():
                self._prepare()
                self._opened = os.stat(path)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release this process's claims and close the database."""
        try:
            if self.session:
                with self._change():
                    self._database.execute("DELETE FROM claims WHERE session = ?", (self.session,))
                    self._database.execute("DELETE FROM sessions WHERE name = ?", (self.session,))
        except sqlite3.Error:
            pass  # other processes see that this one is gone
        finally:
            self.session = ""
            self._database.close()

    def _prepare(self) -> None:
        """Create the tables if there are none. Raises StoreError unless it is a store of this format."""
        self._database.execute("PRAGMA journal_mode=PERSIST")
        self._database.execute("PRAGMA synchronous=NORMAL")
        known = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if known and "meta" not in known:
            raise StoreError(f"{self.directory / DATABASE}: not the database of a sweep")
        if not known:
            with self._change():
                for statement in _SCHEMA.split(";\n"):
                    self._database.execute(statement)
                self._database.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (FORMAT,))
        if (found := self.meta().get("format")) != FORMAT:
            raise StoreError(
                f"{self.directory}: this store has format {found}, but this version of spikelearn writes format "
                f"{FORMAT}; read it with the version that wrote it, or give another directory"
            )

    def meta(self) -> dict[str, str]:
        """The metadata of the whole sweep."""
        with self._reported():
            return dict(self._database.execute("SELECT name, value FROM meta"))

    def describe(self, values: Mapping[str, str]) -> None:
        """Update the metadata of the whole sweep; other entries stay."""
        with self._reported(), self._change():
            self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def keys(self, statuses: Iterable[str] | None = None) -> set[str]:
        """The keys of the stored points; only those with one of `statuses`, if given."""
        with self._reported():
            if statuses is None:
                return {key for (key,) in self._database.execute("SELECT key FROM points")}
            wanted = tuple(statuses)
            marks = ",".join("?" * len(wanted))
            found = self._database.execute(f"SELECT key FROM points WHERE status IN ({marks})", wanted)
            return {key for (key,) in found}

    def counts(self) -> dict[str, int]:
        """The number of points with each status."""
        with self._reported():
            return dict(self._database.execute("SELECT status, count(*) FROM points GROUP BY status"))

    def sources(self) -> dict[str, int]:
        """The number of points computed with each model file (by its hash)."""
        with self._reported():
            return dict(self._database.execute("SELECT source, count(*) FROM points GROUP BY source"))

    def begin(self) -> None:
        """Register this process with others that use the store."""
        born = started(os.getpid())
        self.session = f"{socket.gethostname()}:{os.getpid()}:{born}:{os.urandom(4).hex()}"
        row = (self.session, process_table(), os.getpid(), born, 0.0)
        with self._reported(), self._change():
            self._database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)

    def claim(self, keys: Sequence[str]) -> tuple[list[str], set[str]]:
        """Claim points. Returns the keys of those that this process must compute, and of those already done.

        Other live processes have the rest; the claims of dead ones are taken over.
        """
        marks = ",".join("?" * len(keys))
        with self._reported(), self._change():
            self._beat()
            found = self._database.execute(f"SELECT key FROM points WHERE key IN ({marks})", keys)
            done = {key for (key,) in found}
            held = dict(self._database.execute(f"SELECT key, session FROM claims WHERE key IN ({marks})", keys))
            alive = self._alive() if held else set()
            own = [key for key in keys if key not in done and held.get(key) not in alive]
            self._database.executemany("INSERT OR REPLACE INTO claims VALUES (?, ?)", [(k, self.session) for k in own])
        return own, done

    def add(self, results: Sequence[Result]) -> None:
        """Write results, all or none. Points already stored are left unchanged."""
        marks = ",".join("?" * len(_COLUMNS))
        with self._reported(), self._change():
            self._beat()
            self._database.executemany(f"INSERT OR IGNORE INTO points VALUES ({marks})", [_row(r) for r in results])
            self._database.executemany("DELETE FROM claims WHERE key = ?", [(r.key,) for r in results])
            self._note_change()

    def release(self, keys: Sequence[str]) -> None:
        """Release claimed points that this process will not compute."""
        with self._reported(), self._change():
            mine = [(key, self.session) for key in keys]
            self._database.executemany("DELETE FROM claims WHERE key = ? AND session = ?", mine)

    def sign_of_life(self) -> None:
        """Record a heartbeat, every few seconds, so that processes on other hosts see that this one is alive."""
        with self._reported(), self._change():
            self._beat()

    def forget(self, keys: Iterable[str]) -> None:
        """Remove points, so that they are computed again."""
        with self._reported(), self._change():
            self._database.executemany("DELETE FROM points WHERE key = ?", [(key,) for key in keys])
            self._note_change()

    def results(self) -> list[dict[str, Any]]:
        """All points in the order of writing, column -> value; JSON columns are decoded, except versions."""
        with self._reported():
            rows = self._database.execute(f"SELECT {', '.join(_COLUMNS)} FROM points ORDER BY rowid").fetchall()
        columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
        for name in _JSON if rows else ():
            # Parsing all rows as one text is several times as fast as one text per row.
            columns[name] = tuple(json.loads(f"[{','.join(columns[name])}]"))
        return [dict(zip(_COLUMNS, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def changes(self) -> str:
        """A counter that changes when the points do."""
        return self.meta().get("changes", "0")

    def table_is_current(self) -> bool:
        """Whether the table was made from the current points."""
        meta = self.meta()
        return meta.get("table") == meta.get("changes", "0")

    def _note_change(self) -> None:
        self._database.execute(
            "INSERT INTO meta VALUES ('changes', '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INT) + 1"
        )

    def _beat(self) -> None:
        if self.session:
            self._database.execute("UPDATE sessions SET beat = beat + 1 WHERE name = ?", (self.session,))

    def _alive(self) -> set[str]:
        """The other sessions whose process is alive.

        Processes of other machines are seen to live as their heartbeats are counted, by the clock of this machine.
        """
        now, here = time.monotonic(), process_table()
        found = set()
        for name, where, pid, born, beat in self._database.execute("SELECT * FROM sessions"):
            if name == self.session:
                continue
            if self._beats.get(name, (None, now))[0] != beat:
                self._beats[name] = beat, now
            if started(pid) == born if where == here else now - self._beats[name][1] < SILENT_S:
                found.add(name)
        return found

    def held_by_others(self) -> dict[str, int]:
        """The number of points that other live processes are computing, by host."""
        with self._reported():
            alive, found = self._alive(), Counter[str]()
            for session, n in self._database.execute("SELECT session, count(*) FROM claims GROUP BY session"):
                if session in alive:
                    found[session.partition(":")[0]] += n
        return dict(found)

    def _is_gone(self) -> bool:
        """Whether the database no longer is the file that was opened."""
        try:
            return self._opened is not None and not os.path.samestat(os.stat(self.directory / DATABASE), self._opened)
        except OSError:
            return True

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._is_gone():
                reason = "it was deleted or replaced while it was in use, and the results in it with it"
            elif "locked" in str(error):
                reason = "another process has held the database for a minute"
            elif isinstance(error, sqlite3.OperationalError):
                reason = f"{error}{free_space(self.directory)}; all results written so far are intact"
            else:
                reason = f"{error}; it is not a store, or it is damaged"
            raise StoreError(f"{self.directory / DATABASE}: {reason}") from error
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self.directory}: {error.strerror or error}") from error


def _row(result: Result) -> tuple[Any, ...]:
    values = {name: getattr(result, name) for name in _COLUMNS}
    return tuple(as_json(value) if name in (*_JSON, "versions") else value for name, value in values.items())
