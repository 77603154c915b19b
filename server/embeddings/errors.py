"""Errors about embeddings."""

from server.errors import SETTINGS_GONE, DomainError


class EmbeddingGone(DomainError):
    """The exact bytes that a job was made with are not in the folder any more."""

    kind = SETTINGS_GONE

    def __init__(self, name: str, sha256: str) -> None:
        super().__init__(
            f"the embedding {name} with the SHA-256 {sha256} is no longer here; GET /api/embeddings lists what is"
        )
