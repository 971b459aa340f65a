"""The store of a sweep: a directory with a database that holds complete results only.

`sweep.sqlite` has a row for each computed point, and records which process is computing which point;
`results.parquet` is made from it; `runs/` has the runs that were kept. SQLite makes each change atomic, however the
process ends, and lets several processes share a store. It is used without a write-ahead log, so that the processes may
be on several hosts if their shared file system has locks.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from spikelearn.atomic_files import free_space
from spikelearn.errors import StoreError
from spikelearn.regular_files import check_regular, parse_json
from spikelearn.sweep.point import Result
from spikelearn.sweep.store_rows import COLUMNS, check_checksums, checksum, results_of, row_of
from spikelearn.system import process_table, started
from spikelearn.values import path as checked_path

DATABASE, TABLE, RUNS = "sweep.sqlite", "results.parquet", "runs"
FORMAT = "3"
SILENT_S = 120.0
"""Seconds without a heartbeat after which a process on another host counts as dead."""
_STORED = (*COLUMNS, "checksum")
_SCHEMA = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "points": f"CREATE TABLE points ({', '.join(f'{c} TEXT PRIMARY KEY' if c == 'key' else c for c in _STORED)})",
    "sessions": "CREATE TABLE sessions (name TEXT PRIMARY KEY, host TEXT, pid INTEGER, born TEXT, beat REAL)",
    "claims": "CREATE TABLE claims (key TEXT PRIMARY KEY, session TEXT NOT NULL)",
}
_SUM = "checksum"
"""The entry of the metadata with the number of points, the sum of their checksums, and the checksum of the others."""


class Store:
    """An open store. Every error is a StoreError that names the directory.

    directory: created if missing and `create` is true. A damaged store, or one of another format, raises StoreError and
    is left unchanged.
    """

    def __init__(self, directory: str | os.PathLike[str], create: bool = False) -> None:
        self.directory = checked_path(directory, "directory of a store")
        path = self.directory / DATABASE
        self.session = ""
        self._opened: os.stat_result | None = None
        self._beats: dict[str, tuple[float, float]] = {}
        self._checked = False
        with self._reported():
            if path.exists():
                check_regular(path)
            elif not create:
                raise StoreError(f"{self.directory}: not the store of a sweep (it has no {DATABASE})")
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
        self._database.execute("PRAGMA cell_size_check=ON")
        if not self._schema():
            with self._change():
                if not self._schema():  # of another process
                    for statement in _SCHEMA.values():
                        self._database.execute(statement)
                    self._database.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT,))
                    self._seal(0, 0)
        known = self._schema()
        # Views and triggers would be executed.
        if known.get("meta") != _SCHEMA["meta"]:
            raise StoreError(f"{self.directory / DATABASE}: not the database of a sweep")
        if (found := self.meta().get("format")) != FORMAT:
            raise StoreError(
                f"{self.directory}: this store has format {found}, but this version of spikelearn writes format "
                f"{FORMAT}; read it with the version that wrote it, or give another directory"
            )
        if known != _SCHEMA:
            raise StoreError(f"{self.directory / DATABASE}: not the database of a sweep: it has other tables")
        self.meta()

    def _schema(self) -> dict[str, str]:
        """What the database is made of: name -> SQL, without the indices of its keys."""
        return dict(self._database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))

    def meta(self) -> dict[str, str]:
        """The metadata of the whole sweep."""
        with self._reported():
            found = dict(self._database.execute("SELECT name, value FROM meta"))
        if not all(isinstance(value, str) for value in found.values()):
            raise self._damaged("broken: its metadata are not all text")
        if found.get("format") == FORMAT:
            sums = found.get(_SUM, "").split()
            if sums[2:] != [_checksum_of(found)] or not all(each.isdecimal() for each in sums):
                raise self._damaged("damaged: the checksum of its metadata does not match them")
            if not found.get("changes", "0").isdecimal():
                raise self._damaged(f"broken: it has changed {found['changes']!r:.50} times")
        return found

    def described(self, name: str) -> dict[str, Any]:
        """An entry of the metadata that is a JSON object; empty if there is none."""
        try:
            found = parse_json(self.meta().get(name, "{}"))
            if not isinstance(found, dict):
                raise ValueError("expected names and values")
        except ValueError as error:
            raise self._damaged(f"its {name} cannot be read: {error}") from None
        return found

    def describe(self, values: Mapping[str, str]) -> None:
        """Update the metadata of the whole sweep; other entries stay."""
        with self._reported(), self._change():
            self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))
            self._seal(0, 0)

    def keys(self, statuses: Iterable[str] | None = None) -> set[str]:
        """The keys of the stored points; only those with one of `statuses`, if given."""
        self._check()
        with self._reported():
            if statuses is None:
                return {key for (key,) in self._database.execute("SELECT key FROM points")}
            wanted = tuple(statuses)
            marks = ",".join("?" * len(wanted))
            found = self._database.execute(f"SELECT key FROM points WHERE status IN ({marks})", wanted)
            return {key for (key,) in found}

    def counts(self) -> dict[str, int]:
        """The number of points with each status."""
        self._check()
        with self._reported():
            return dict(self._database.execute("SELECT status, count(*) FROM points GROUP BY status"))

    def sources(self) -> dict[str, int]:
        """The number of points computed with each model file (by its hash)."""
        self._check()
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
        marks = ",".join("?" * len(_STORED))
        with self._reported(), self._change():
            self._beat()
            n = total = 0
            for row in map(row_of, results):
                if self._database.execute(f"INSERT OR IGNORE INTO points VALUES ({marks})", row).rowcount:
                    n, total = n + 1, total + row[-1]
            self._database.executemany("DELETE FROM claims WHERE key = ?", [(r.key,) for r in results])
            self._note_change(n, total)

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
            n = total = 0
            for key in keys:
                for (each,) in self._database.execute("SELECT checksum FROM points WHERE key = ?", (key,)).fetchall():
                    n, total = n - 1, total - each
                self._database.execute("DELETE FROM points WHERE key = ?", (key,))
            self._note_change(n, total)

    def results(self) -> list[dict[str, Any]]:
        """All points in the order of writing, column -> value; JSON columns are decoded, except versions."""
        try:
            return results_of(self._rows())
        except ValueError as error:
            raise self._damaged(str(error)) from None

    def _rows(self) -> list[tuple[Any, ...]]:
        """All points, checked."""
        with self._reported():
            if not self._checked:
                (found,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
                if found != "ok":
                    raise self._damaged(f"damaged: {found}")
            self._database.execute("BEGIN")  # so that no other process writes in between
            try:
                n, total, _ = self.meta()[_SUM].split()
                rows = self._database.execute(f"SELECT {', '.join(_STORED)} FROM points ORDER BY rowid").fetchall()
            finally:
                self._database.execute("COMMIT")
        try:
            check_checksums(rows)
            if (int(n), int(total)) != (len(rows), sum(row[-1] for row in rows)):
                raise ValueError(f"damaged: it has {len(rows)} points that are not the {n} that were written")
        except ValueError as error:
            raise self._damaged(str(error)) from None
        self._checked = True
        return rows

    def _check(self) -> None:
        """Read all points once, so that damage is reported before results are added."""
        if not self._checked:
            self._rows()

    def _seal(self, n: int, total: int) -> None:
        """Write the checksum, after n points were added whose checksums have this sum."""
        found = dict(self._database.execute("SELECT name, value FROM meta"))
        before = found.get(_SUM, "0 0 0").split()
        text = f"{int(before[0]) + n} {int(before[1]) + total} {_checksum_of(found)}"
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_SUM, text))

    def _damaged(self, what: str) -> StoreError:
        return StoreError(f"{self.directory / DATABASE}: {what}")

    def changes(self) -> str:
        """A counter that changes when the points do."""
        return self.meta().get("changes", "0")

    def table_is_current(self) -> bool:
        """Whether the table was made from the current points."""
        meta = self.meta()
        return meta.get("table") == meta.get("changes", "0")

    def _note_change(self, n: int, total: int) -> None:
        self._database.execute(
            "INSERT INTO meta VALUES ('changes', '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INT) + 1"
        )
        self._seal(n, total)

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
            elif isinstance(error, sqlite3.OperationalError) and "decode" not in str(error):
                reason = f"{error}{free_space(self.directory)}; all results written so far are intact"
            else:
                reason = f"{error}; it is not a store, or it is damaged"
            raise StoreError(f"{self.directory / DATABASE}: {reason}") from error
        except UnicodeDecodeError as error:  # in a message of SQLite about a name that is no text
            raise self._damaged("it is not a store, or it is damaged") from error
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self.directory}: {error.strerror or error}") from error


def _checksum_of(meta: Mapping[str, str]) -> str:
    return str(checksum(part for name in sorted(meta) if name != _SUM for part in (name, meta[name])))
