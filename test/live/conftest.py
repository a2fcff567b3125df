"""The boxes that live tests try things on; box.py tells what they can do."""

import pytest

from box import (PATIENCE_S, PROGRAM, ROOT, Box, Pop,    # noqa: F401
                 alive, wait_for)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """A running box that the tests of a file share."""
    box = Box(tmp_path_factory.mktemp("box"))
    box.start()
    yield box
    box.finish()


@pytest.fixture
def empty(box):
    """The shared box, with no mail in it."""
    box.fetch()
    return box


@pytest.fixture
def make_box(tmp_path):
    """Make a box of one's own, not yet started."""
    boxes = []

    def make(**settings):
        folder = tmp_path / f"box{len(boxes)}"
        folder.mkdir()
        boxes.append(Box(folder, **settings))
        return boxes[-1]

    yield make
    for box in boxes:
        box.finish()
