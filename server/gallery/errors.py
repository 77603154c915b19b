"""Errors about collections and the public gallery.

DomainError
├── NoSuchCollection     unknown, or another caller's
├── NoSuchPictures       unknown, another caller's, or deleted
├── TooManyCollections   the caller has the maximum number of them
├── FullCollection       the collection would hold more pictures than a zip
├── NoGallery            it is switched off
├── NotForGallery        the operator has removed the picture
└── TooManyOffers        too many pictures of one owner wait for the operator
"""

from collections.abc import Collection

from server.errors import CONFLICT, NOT_FOUND, DomainError


class NoSuchCollection(DomainError):
    kind = NOT_FOUND

    def __init__(self, collection_id: str) -> None:
        super().__init__(f"no collection of yours has the id {collection_id[:64]}")


class NoSuchPictures(DomainError):
    """`image_ids`: at least one."""

    kind = NOT_FOUND

    def __init__(self, image_ids: Collection[str]) -> None:
        super().__init__(f"no picture of yours has the id {min(image_ids)[:64]}")


class TooManyCollections(DomainError):
    kind = CONFLICT

    def __init__(self, max_collections: int) -> None:
        super().__init__(f"{max_collections} collections are allowed; delete one that is not used any more")


class FullCollection(DomainError):
    kind = CONFLICT

    def __init__(self, max_images: int, num_images: int) -> None:
        super().__init__(
            f"a collection holds at most {max_images} pictures, and this one has {num_images}; make another one"
        )


class NoGallery(DomainError):
    kind = NOT_FOUND

    def __init__(self) -> None:
        super().__init__("this server has no public gallery (STUDIO_GALLERY)")


class NotForGallery(DomainError):
    kind = CONFLICT

    def __init__(self) -> None:
        super().__init__("the operator has taken this picture out of the gallery; it cannot be offered again")


class TooManyOffers(DomainError):
    kind = CONFLICT

    def __init__(self, max_offers: int) -> None:
        super().__init__(f"{max_offers} pictures of yours wait for the operator; offer more when they are decided")
