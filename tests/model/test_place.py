from __future__ import annotations

import pytest

from builder.errors import ImageError
from builder.model.place import Place, PlaceKind, check_image_name


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("oci:./base", Place(PlaceKind.OCI_LAYOUT, "./base")),
        ("oci-layout:/a/b:tag", Place(PlaceKind.OCI_LAYOUT, "/a/b:tag")),
        ("oci-archive:/x.tar", Place(PlaceKind.OCI_ARCHIVE, "/x.tar")),
        ("docker-archive:a/x.tar:app:1", Place(PlaceKind.DOCKER_ARCHIVE, "a/x.tar:app:1")),
        ("oci:latest", None),
        ("docker-archive:x.tar", None),
        ("registry:5000/app", None),
        ("oci/app:1", None),
    ],
)
def test_a_path_has_a_slash(name: str, place: Place | None) -> None:
    assert Place.find(name) == place
    check_image_name(name)


@pytest.mark.parametrize("name", ["", "Upper", "other:/path", "oci:"])
def test_what_names_no_image(name: str) -> None:
    with pytest.raises(ImageError):
        check_image_name(name)
