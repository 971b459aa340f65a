"""MNIST's files: what is read from them, and what is said of files that are not as they should be."""

import gzip
import os

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import ExperimentError


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


IMAGES = np.arange(3 * 4 * 4).reshape(3, 4, 4) * 5
LABELS = np.array([7, 0, 9])


def write(folder, name="t10k", images=IMAGES, labels=LABELS):
    (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (folder / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels))


def test_images_are_rows_from_0_to_1_beside_their_labels_compressed_or_not(tmp_path):
    write(tmp_path)
    images, labels = sl.tasks.read_mnist(tmp_path)
    assert np.array_equal(images, IMAGES.reshape(3, 16) / 255.0)
    assert np.array_equal(labels, LABELS)


def test_all_files_of_a_folder_are_read_and_one_that_is_there_twice_is_read_once(tmp_path):
    write(tmp_path)
    write(tmp_path, "train", IMAGES[:1] + 1, LABELS[1:2])
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(IMAGES[:1] + 1))
    images, labels = sl.tasks.read_mnist(str(tmp_path))
    assert np.array_equal(labels, [7, 0, 9, 0])
    assert np.array_equal(images[3], (IMAGES[0].ravel() + 1) / 255.0)


def test_a_folder_without_them_is_reported_with_what_is_missing_and_where_it_can_be_had(tmp_path):
    with pytest.raises(
        ExperimentError, match=r"no file \*images-idx3-ubyte\* \(or \.gz\) in .*download it from https://"
    ):
        sl.tasks.read_mnist(tmp_path / "nowhere")


def header(*shape, dimensions=3):
    return bytes([0, 0, 8, dimensions]) + b"".join(n.to_bytes(4, "big") for n in shape)


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda whole: gzip.compress(whole[:-1]), "but has only 47"),
        (lambda whole: gzip.compress(whole + b"x"), "but has more"),
        (lambda whole: gzip.compress(whole[:5]), "begins with the bytes"),
        (lambda whole: gzip.compress(whole[:15]), "begins with the bytes"),
        (lambda whole: gzip.compress(bytes([0, 0, 13, 3]) + whole[4:]), "begins with the bytes"),
        (lambda whole: gzip.compress(b""), "begins with the bytes"),
        (lambda whole: gzip.compress(header(0, 28, 28)), "is said to have"),
        (lambda whole: gzip.compress(header(2**16, 2**16, 2**32 - 1) + whole[16:]), "is said to have"),
        (lambda whole: gzip.compress(header(2**31, 2**31, 4) + whole[16:]), "is said to have"),
        (lambda whole: gzip.compress(header(3, 4, 4) + bytes(10**7)), "but has more"),
        (lambda whole: gzip.compress(whole)[:-9], "cannot be read"),
        (lambda whole: gzip.compress(whole)[:-5] + b"12345", "cannot be read"),
        (lambda whole: gzip.compress(whole)[:10] + b"\xff" * 50, "cannot be read"),
        (lambda whole: whole, "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, spoil, complaint):
    write(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(spoil(idx(IMAGES)))
    with pytest.raises(
        ExperimentError, match=f"images-idx3-ubyte.gz .*{complaint}.*expected a complete IDX file of bytes"
    ):
        sl.tasks.read_mnist(tmp_path)


@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"])
def test_a_fifo_or_a_folder_with_such_a_name_is_refused(tmp_path, name):
    for make in (os.mkfifo, os.mkdir):
        write(tmp_path)
        (tmp_path / name).unlink()
        make(tmp_path / name)
        with pytest.raises(ExperimentError, match=f"{name} .*expected a regular file"):
            sl.tasks.read_mnist(tmp_path)
        (os.rmdir if make is os.mkdir else os.unlink)(tmp_path / name)


def test_images_of_two_sizes_and_labels_that_are_no_digits_are_refused(tmp_path):
    write(tmp_path)
    write(tmp_path, "train", IMAGES[:, :3], LABELS)
    with pytest.raises(ExperimentError, match=r"sizes \[\(3, 4\), \(4, 4\)\], expected one size"):
        sl.tasks.read_mnist(tmp_path)
    write(tmp_path, "train", IMAGES, LABELS + 193)
    with pytest.raises(ExperimentError, match="the label 202, expected 0 to 9"):
        sl.tasks.read_mnist(tmp_path)


def test_images_without_their_labels_are_refused(tmp_path):
    write(tmp_path, labels=LABELS[:2])
    with pytest.raises(ExperimentError, match=r"\[3\] images but \[2\] labels"):
        sl.tasks.read_mnist(tmp_path)
