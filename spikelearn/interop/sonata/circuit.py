"""SONATA's files of networks as plain tables: configurations, nodes, edges and sets of nodes. Nothing here simulates.

All errors are DescriptionError or RunFileError and name the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, RunFileError, SpikelearnError
from spikelearn.extras import needed
from spikelearn.io.sonata_files import opened, unnamed
from spikelearn.values import flag

NULL = (None, "", "NULL", "NaN")

_OBJECTS = ("manifest", "components", "networks", "run", "conditions", "inputs", "reports", "output")
"""What configurations have as objects; every input and report is one, too."""


@dataclass(frozen=True)
class Config:
    """A circuit and its simulation, with all paths resolved. path: of the file that was given."""

    path: Path
    content: Mapping[str, Any]

    @property
    def simulator(self) -> str:
        return str(self.content.get("target_simulator", "")).upper()

    def component(self, kind: str, name: str) -> dict[str, Any]:
        """The JSON file `name` of a folder of components, such as "point_neuron_models_dir"."""
        folder = self.content.get("components", {}).get(kind)
        if folder is None:
            raise DescriptionError(f"{self.path}: components: expected {kind!r}, the folder of {name!r}")
        path = Path(folder) / name
        found = _json(path)
        if not isinstance(found, dict):
            raise DescriptionError(f"{path}: expected a JSON object of parameters")
        return found


@dataclass(frozen=True)
class Table:
    """The nodes, or edges, of one population. Attributes are looked up in the file first, then by type.

    types: type -> row of the table of types. groups: group -> attributes, arrays of the members of the group.
    """

    where: str
    name: str
    type_ids: np.ndarray
    group_ids: np.ndarray
    group_index: np.ndarray
    types: Mapping[int, Mapping[str, Any]]
    groups: Mapping[int, Mapping[str, np.ndarray]]

    def __len__(self) -> int:
        return len(self.type_ids)

    def names(self) -> set[str]:
        """All attributes that some have."""
        found = [row for type_id in np.unique(self.type_ids).tolist() for row in [self.types.get(type_id, {})]]
        return {name for each in (*found, *self.groups.values()) for name in each}

    def column(self, name: str) -> np.ndarray:
        """The attribute of each, None where there is none: (n,) of objects."""
        values = np.full(len(self), None, object)
        for type_id in np.unique(self.type_ids).tolist():
            given = self.types.get(type_id, {}).get(name)
            if given not in NULL:
                values[self.type_ids == type_id] = given
        for group, attributes in self.groups.items():
            if name in attributes:
                mine = self.group_ids == group
                values[mine] = attributes[name][self.group_index[mine]]
        return values

    def choices(self, name: str) -> list[tuple[Any, np.ndarray]]:
        """The values of an attribute, None for none, and which have each: (n,) of bool. Without a pass over the members
        if it is one of types only."""
        if any(name in attributes for attributes in self.groups.values()):
            values = self.column(name)
            return [(each, values == each) for each in dict.fromkeys(values.tolist())]
        types: dict[Any, list[int]] = {}
        for type_id in np.unique(self.type_ids).tolist():
            given = self.types.get(type_id, {}).get(name)
            types.setdefault(None if given in NULL else given, []).append(type_id)
        return [(value, np.isin(self.type_ids, ids)) for value, ids in types.items()]

    def numbers(self, name: str) -> np.ndarray:
        """An attribute as float64, NaN where there is none."""
        values = np.full(len(self), np.nan)
        try:
            for type_id in np.unique(self.type_ids).tolist():
                given = self.types.get(type_id, {}).get(name)
                if given not in NULL:
                    values[self.type_ids == type_id] = float(given)
            for group, attributes in self.groups.items():
                if name in attributes:
                    mine = self.group_ids == group
                    values[mine] = attributes[name][self.group_index[mine]].astype(np.float64)
        except (TypeError, ValueError):
            raise DescriptionError(f"{self.where}: expected numbers as {name!r}") from None
        return values


@dataclass(frozen=True)
class Edges:
    """Edges from nodes of a population to those of another. source_ids, target_ids: (n,) int64."""

    table: Table
    source: str
    target: str
    source_ids: np.ndarray
    target_ids: np.ndarray


def read_config(path: Path) -> Config:
    """A circuit's configuration, a simulation's, or one that names both."""
    found = _resolved(path)
    parts: dict[str, Any] = {}
    for other in ("network", "simulation"):
        if isinstance(found.get(other), str):
            parts |= read_config(Path(found[other])).content
    content = {**parts, **{name: value for name, value in found.items() if value is not None}}
    for kind in ("inputs", "reports"):
        for name, each in content.get(kind, {}).items():
            if not isinstance(each, dict):
                raise DescriptionError(f"{path}: {kind}: {name}: expected a JSON object, got {each!r:.200}")
    return Config(path, content)


def enabled(given: Mapping[str, Any], where: str) -> bool:
    """Whether an input, report or file is not switched off."""
    return flag(given.get("enabled", True), f"{where}: enabled")


@contextmanager
def placed(where: str) -> Iterator[None]:
    """Errors of what a file says name the place."""
    try:
        yield
    except RunFileError:
        raise
    except SpikelearnError as error:
        raise DescriptionError(f"{where}: {error}") from None


def read_nodes(config: Config) -> dict[str, Table]:
    """Population -> its nodes, in the order of their ids."""
    h5py = needed("h5py", "networks of SONATA", "sonata")
    found: dict[str, Table] = {}
    for entry in _entries(config, "nodes"):
        types = _types(entry.get("node_types_file"), "node_type_id")
        path = Path(entry["nodes_file"])
        with opened(h5py, path) as file:
            for name, group in _populations(file, path, "nodes"):
                if name in found:
                    raise DescriptionError(f"{path}: there are two populations of nodes called {name!r}")
                found[name] = _in_order(_table(group, f"{path}, nodes {name!r}", name, "node", types), group)
    if not found:
        raise DescriptionError(f"{config.path}: expected networks with nodes, found none")
    return found


def read_edges(config: Config, nodes: Mapping[str, Table]) -> Iterator[Edges]:
    """The edges between populations, one population of them after the other."""
    h5py = needed("h5py", "networks of SONATA", "sonata")
    for entry in _entries(config, "edges"):
        if not enabled(entry, f"{config.path}: networks: edges"):
            continue
        types = _types(entry.get("edge_types_file"), "edge_type_id")
        path = Path(entry["edges_file"])
        with opened(h5py, path) as file:
            for name, group in _populations(file, path, "edges"):
                where = f"{path}, edges {name!r}"
                ends = [_end(group, end, nodes, where) for end in ("source", "target")]
                table = _table(group, where, name, "edge", types)
                if not len(ends[0][1]) == len(ends[1][1]) == len(table):
                    n = f"{len(ends[0][1])}, {len(ends[1][1])} and {len(table)}"
                    raise DescriptionError(f"{where}: expected as many sources as targets and types, got {n}")
                yield Edges(table, ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def members(config: Config, nodes: Mapping[str, Table], name: Any, where: str) -> dict[str, np.ndarray]:
    """Population -> the ids of its nodes in a set of nodes, ascending; populations without any are left out.

    name: of a set, of a population, or a set itself, {attribute: value or list of values}. Raises DescriptionError if
    there are no such nodes, or not all of those that are chosen by their ids.
    """
    sets = _json(Path(config.content["node_sets_file"])) if "node_sets_file" in config.content else {}
    given = sets.get(name, name) if isinstance(name, str) else name
    if isinstance(given, str):
        given = unnamed(given)
        if given not in nodes:
            known = ", ".join([*sets, *nodes])
            raise DescriptionError(f"{where}: there is no set of nodes {given!r}; there are: {known}")
        return {given: np.arange(len(nodes[given]))}
    if isinstance(given, list):
        parts = [members(config, nodes, each, where) for each in given]
        named = dict.fromkeys(population for part in parts for population in part)
        return {each: np.unique(np.concatenate([part[each] for part in parts if each in part])) for each in named}
    if not isinstance(given, Mapping):
        raise DescriptionError(f"{where}: expected a set of nodes, got {given!r:.200}")
    found = {}
    sizes = [0]
    for population, table in nodes.items():
        keep = np.ones(len(table), bool)
        for attribute, wanted in sorted(given.items(), key=lambda each: each[0] != "population"):
            accepted = wanted if isinstance(wanted, list) else [wanted]
            if attribute in ("node_id", "node_ids") and keep.any():
                sizes.append(len(table))
            if attribute == "population":
                keep &= population in [unnamed(str(each)) for each in accepted]
            elif attribute in ("node_id", "node_ids"):
                keep &= np.isin(np.arange(len(table)), accepted)
            elif attribute == "node_type_id":
                keep &= np.isin(table.type_ids, accepted)
            else:
                keep &= np.array([each in accepted for each in table.column(attribute).tolist()], bool)
        if keep.any():
            found[population] = np.flatnonzero(keep)
    ids = [each for key in ("node_id", "node_ids") for each in np.atleast_1d(given.get(key, [])).tolist()]
    missing = [each for each in ids if not (isinstance(each, int) and 0 <= each < max(sizes))]
    if missing:
        raise DescriptionError(f"{where}: there is no node {missing[0]!r}, of the set of nodes {given!r:.200}")
    if not found:
        raise DescriptionError(f"{where}: no node of {', '.join(nodes)} is in the set of nodes {given!r:.200}")
    return found


def _resolved(path: Path) -> dict[str, Any]:
    """A configuration with the variables of its manifest replaced, and paths of files and folders made absolute."""
    found = _json(path)
    if not isinstance(found, dict):
        raise DescriptionError(f"{path}: expected a JSON object, a configuration of SONATA")
    for name in _OBJECTS:
        if not isinstance(found.get(name), dict | None):
            raise DescriptionError(f"{path}: {name}: expected a JSON object, got {found[name]!r:.200}")
    manifest = {name: str(value) for name, value in (found.pop("manifest", None) or {}).items()}
    names = sorted(manifest, key=len, reverse=True)

    def whole(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: whole(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [whole(each) for each in value]
        is_path = key.endswith(("_file", "_dir")) or key in ("network", "simulation")
        if not isinstance(value, str) or not is_path:  # names of sets and populations are no places
            return value
        for _ in range(len(manifest) + 1):  # variables may be made of others
            for name in names:
                value = value.replace(f"${{{name.lstrip('$')}}}", manifest[name]).replace(name, manifest[name])
        return str((path.parent / value).resolve()) if value not in NULL else value

    resolved: dict[str, Any] = whole(found)
    return resolved


def _entries(config: Config, kind: str) -> list[dict[str, Any]]:
    found = config.content.get("networks", {}).get(kind, [])
    if not isinstance(found, list):
        raise DescriptionError(f"{config.path}: networks: {kind}: expected a list, got {found!r:.200}")
    for entry in found:
        if not isinstance(entry, dict) or f"{kind}_file" not in entry:
            raise DescriptionError(
                f"{config.path}: networks: {kind}: expected {kind}_file in each entry, got {entry!r:.200}"
            )
    return list(found)


def _populations(file: Any, path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    if kind not in file:
        raise DescriptionError(f"{path}: expected a file of SONATA with a group /{kind}")
    yield from ((unnamed(name), group) for name, group in file[kind].items())


def _types(path: Any, key: str) -> dict[int, dict[str, Any]]:
    """Type -> its row in a table of types, whose columns are separated by spaces."""
    if path in NULL:
        return {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, delimiter=" ", skipinitialspace=True)
            rows, names = list(reader), [name for name in reader.fieldnames or () if name]
    except OSError as error:
        raise DescriptionError(f"{path}: the table of types cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise DescriptionError(f"{path}: is no table of types in UTF-8: {error}") from error
    if key not in names or len(set(names)) < len(names):
        raise DescriptionError(
            f"{path}: expected a column {key!r} and others with different names, separated by spaces, got {names}"
        )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        type_id, beyond = _value(row[key]), "".join(row.pop(None, ()))
        if beyond or None in [row[name] for name in names]:
            raise DescriptionError(
                f"{path}: expected {len(names)} values in each row, {', '.join(names)}; see {type_id!r}"
            )
        if not isinstance(type_id, int) or type_id in found:
            raise DescriptionError(f"{path}: expected different whole numbers as {key}, got {type_id!r}")
        found[type_id] = {name: _value(row[name]) for name in names}
    return found


def _value(text: Any) -> Any:
    """What a table says: a number, or text."""
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            continue
    return text


def _table(group: Any, where: str, name: str, of: str, types: Mapping[int, Mapping[str, Any]]) -> Table:
    if f"{of}_type_id" not in group:
        raise DescriptionError(f"{where}: expected a dataset {of}_type_id")
    type_ids = group[f"{of}_type_id"][:].astype(np.int64)
    has_groups = f"{of}_group_id" in group
    group_ids = group[f"{of}_group_id"][:].astype(np.int64) if has_groups else np.zeros(len(type_ids), np.int64)
    index = group[f"{of}_group_index"][:].astype(np.int64) if has_groups else np.arange(len(type_ids))
    groups = {int(each): dict(_attributes(group[each])) for each in group if each.isdigit()}
    if not len(type_ids) == len(group_ids) == len(index):
        n = f"{len(type_ids)}, {len(group_ids)} and {len(index)}"
        raise DescriptionError(f"{where}: expected as many {of}_type_id as {of}_group_id and {of}_group_index, got {n}")
    if types and (unknown := set(np.unique(type_ids).tolist()) - types.keys()):
        raise DescriptionError(f"{where}: {of}_type_id {min(unknown)} is not in the table of types")
    if groups:
        for each in np.unique(group_ids).tolist():
            _check_group(groups.get(each), each, index[group_ids == each], f"{where}, group {each}")
    return Table(where, name, type_ids, group_ids, index, types, groups)


def _check_group(attributes: Mapping[str, np.ndarray] | None, group: int, index: np.ndarray, where: str) -> None:
    """Raise DescriptionError if a group, or a place in it, is missing."""
    if attributes is None:
        raise DescriptionError(f"{where}: there is no such group")
    for name, values in attributes.items():
        if not 0 <= index.min() <= index.max() < len(values):
            low, high = index.min(), index.max()
            raise DescriptionError(
                f"{where}: group_index is from {low} to {high}, and {name!r} has {len(values)} values"
            )


def _attributes(group: Any, before: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The attributes of a group, those of its dynamics_params as "dynamics_params/NAME"; enumerations as their text."""
    library = group["@library"] if "@library" in group else {}
    for name, found in group.items():
        if name == "dynamics_params" and not hasattr(found, "shape"):
            yield from _attributes(found, "dynamics_params/")
        elif hasattr(found, "shape"):
            values = found[:]
            if values.dtype.kind in "OS":
                values = np.array([each.decode() if isinstance(each, bytes) else each for each in values], object)
            if name in library:
                texts = [each.decode() if isinstance(each, bytes) else each for each in library[name][:]]
                values = np.array(texts, object)[values]
            yield before + name, values


def _in_order(table: Table, group: Any) -> Table:
    """Nodes in the order of their ids, which must be 0 to n - 1."""
    if "node_id" not in group:
        return table
    ids = group["node_id"][:].astype(np.int64)
    order = np.argsort(ids, kind="stable")
    if not np.array_equal(ids[order], np.arange(len(table))):
        raise DescriptionError(f"{table.where}: expected the ids 0 to {len(table) - 1}, each once, as node_id")
    arrays = (table.type_ids[order], table.group_ids[order], table.group_index[order])
    return Table(table.where, table.name, *arrays, table.types, table.groups)


def _end(group: Any, end: str, nodes: Mapping[str, Table], where: str) -> tuple[str, np.ndarray]:
    """The population and the ids of the sources, or targets, of edges."""
    found = group.get(f"{end}_node_id")
    if found is None:
        raise DescriptionError(f"{where}: expected a dataset {end}_node_id")
    name = found.attrs.get("node_population", found.attrs.get("network", ""))
    name = unnamed(name.decode() if isinstance(name, bytes) else str(name))
    if name not in nodes:
        raise DescriptionError(f"{where}: its {end}s are nodes of {name!r}; there are: {', '.join(nodes)}")
    ids = found[:].astype(np.int64)
    if len(ids) and not 0 <= ids.min() <= ids.max() < len(nodes[name]):
        low, high, n = int(ids.min()), int(ids.max()), len(nodes[name])
        raise DescriptionError(f"{where}: {end}s are from {low} to {high}, and {name!r} has {n} nodes")
    return name, ids


def _json(path: Path) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read: {error.strerror}; expected a JSON file of SONATA") from error
    except ValueError as error:
        raise DescriptionError(f"{path}: is no JSON: {error}") from error
