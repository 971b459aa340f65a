"""Trees in HDF5 files: what is written here is what the HDF5 library reads."""

import h5py
import numpy as np
import pytest
from unit.test_run_file import assert_same

from spikelearn.errors import RunFileError
from spikelearn.io import hdf5_file
from spikelearn.io.hdf5_tree import Node, Stored, checksum_of

TYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "?", "S1", "S7", "S3000"]
SHAPES = [(), (1,), (3,), (400,), (2, 3), (40, 1, 7), (0,), (0, 3), (3, 0)]
NAMES = ["a", "neurons of layer 4", "ü%2F", "x" * 5000, "日本", "-", "0"]
TEXTS = ["", "mV", "ä ü 日本", "x" * 60_000, "two\nlines", "a\0b"]


def values_of(dtype, shape, rng):
    """Any bits of a type, but for zeros in text, of which those at its end are not kept."""
    bits = rng.integers(1, 256, (int(np.prod(shape)), dtype.itemsize), np.uint8)
    return (bits % 2 if dtype.kind == "b" else bits).reshape(-1).view(dtype).reshape(shape)


def write(path, make):
    with hdf5_file.replacing(path) as writer:
        root = Node()
        make(root, writer)
        writer.finish(root)


def check(path, expected):
    """What is read here and what HDF5 reads are the same, in the same order. expected: path -> attributes, data."""
    with h5py.File(path) as theirs:
        hdf5_file.read(path, lambda root, file: check_node(root, file, theirs, expected))


def check_node(node, file, theirs, expected):
    attributes, data = expected.get(theirs.name, ({}, None))
    read_by_hdf5 = {key: value.decode() if isinstance(value, bytes) else value for key, value in theirs.attrs.items()}
    for found in (node.attributes, read_by_hdf5):
        assert found.keys() - {"checksum"} == attributes.keys()
        for key, value in attributes.items():
            assert_same(*(each if isinstance(value, str) else np.asarray(each) for each in (found[key], value)))
    if node.data is not None:
        assert_same(node.read(file), data)
        assert_same(np.asarray(theirs[()], theirs.dtype), data)
        return
    names: list[bytes] = []
    theirs.id.links.iterate(names.append, idx_type=h5py.h5.INDEX_CRT_ORDER)
    assert list(node.members) == [name.decode() for name in names]
    for name, member in node.members.items():
        check_node(member, file, theirs[name], expected)


def test_hdf5_reads_the_types_shapes_names_and_attributes_that_are_written(tmp_path):
    rng, expected = np.random.default_rng(5), {}

    def make(root, writer):
        expected["/"] = {f"text {k}": text for k, text in enumerate(TEXTS)}, None
        root.attributes.update(expected["/"][0])
        for name in NAMES:
            group = root.add(name, {name: name}).add("within", {"number": 7})
            expected[f"/{name}"], expected[f"/{name}/within"] = ({name: name}, None), ({"number": 7}, None)
            for k, (dtype, shape) in enumerate((np.dtype(dtype), shape) for dtype in TYPES for shape in SHAPES):
                values = values_of(dtype, shape, rng)
                attributes = {"k": k, "half": k / 2, "none": np.empty(0)}
                if dtype.kind != "S" and values.nbytes < 60_000:
                    attributes["values"] = values
                writer.put(group, str(k), values, attributes)
                expected[f"/{name}/within/{k}"] = attributes, values

    write(tmp_path / "x.h5", make)
    check(tmp_path / "x.h5", expected)


@pytest.mark.parametrize("width", [(), (1,), (3, 2)])
@pytest.mark.parametrize("n_blocks", [2, 63, 64, 65, 128, 4096, 4097])
def test_hdf5_finds_the_blocks_of_data_wherever_they_are(tmp_path, n_blocks, width):
    """Lists of blocks are trees of 64 branches: here of one to three levels."""
    rng, rows = np.random.default_rng(n_blocks), 3
    values = rng.normal(size=(n_blocks * rows - 1, *width))
    about = {"checksum": np.uint32(checksum_of(values))}

    def make(root, writer):
        size = rows * values[0].nbytes
        blocks = np.array([writer.reserve(size) for _ in range(n_blocks)])[rng.permutation(n_blocks)].tolist()
        for k, position in enumerate(blocks):
            writer.write(position, values[k * rows : (k + 1) * rows].reshape(-1).view(np.uint8))
        root.add("values", about, Stored(values.dtype, values.shape, tuple(blocks), rows))

    write(tmp_path / "x.h5", make)
    check(tmp_path / "x.h5", {"/values": ({}, values)})


def test_a_thousand_groups_in_one(tmp_path):
    write(tmp_path / "x.h5", lambda root, writer: [root.add(f"group {k}") for k in range(1000)])
    check(tmp_path / "x.h5", {})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda root, writer: root.add("a", {"text": "x" * 70_000}), "/a has an attribute of more than 65,528 bytes"),
        (lambda root, writer: root.add("x" * 66_000), "a name of 66,000 bytes cannot be written"),
        (lambda root, writer: root.add("a", {"x" * 66_000: 1}), "a name of 66,000 bytes cannot be written"),
        (lambda root, writer: root.add("a", {"text": "x\0"}), "'text' cannot be written: text that ends with a NUL"),
        (lambda root, writer: writer.put(root, "a", np.ones(3, complex)), "complex128 cannot be written"),
        (lambda root, writer: writer.put(root, "a", [2**70]), "object cannot be written"),
        (lambda root, writer: root.add("a", {"text": ["x"]}), "cannot be written"),
        (lambda root, writer: [root.add(str(k)) for k in range(70_000)], "/ has 70,002 members and attributes"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, make, why):
    with pytest.raises(RunFileError, match=rf"x\.h5: .*{why}"):
        write(tmp_path / "x.h5", make)
    assert not list(tmp_path.iterdir())


def test_other_byte_orders_and_strides_are_written_as_the_same_numbers(tmp_path):
    values = np.arange(12, dtype=">i4").reshape(3, 4)[::2, ::-1]
    write(tmp_path / "x.h5", lambda root, writer: writer.put(root, "a", values))
    check(tmp_path / "x.h5", {"/a": ({}, np.ascontiguousarray(values, "<i4"))})
