"""MNIST's files: what is read from them, and what is said of files that are not as they should be."""

import gzip

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


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda whole: gzip.compress(whole[:-1]), "not a complete IDX file"),
        (lambda whole: gzip.compress(bytes([0, 0, 13, 3]) + whole[4:]), "not a complete IDX file"),
        (lambda whole: gzip.compress(b""), "not a complete IDX file"),
        (lambda whole: gzip.compress(whole)[:-9], "cannot be read"),
        (lambda whole: whole, "cannot be read"),
    ],
    ids=["truncated", "of numbers", "empty", "of which the end is missing", "not compressed"],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, spoil, complaint):
    write(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(spoil(idx(IMAGES)))
    with pytest.raises(ExperimentError, match=f"images-idx3-ubyte.gz .*{complaint}"):
        sl.tasks.read_mnist(tmp_path)


def test_images_without_their_labels_are_refused(tmp_path):
    write(tmp_path, labels=LABELS[:2])
    with pytest.raises(ExperimentError, match=r"\[3\] images but \[2\] labels"):
        sl.tasks.read_mnist(tmp_path)
