"""Rows of the log of moderation."""

from server.db.models import ImageRow
from server.db.moderation_models import ModerationDecisionRow

CLASSIFIER = "classifier"


def of_image(
    image: ImageRow, owner: str, decision: str, now: float, note: str = "", decided_by: str = CLASSIFIER
) -> ModerationDecisionRow:
    """`owner` is that of its job."""
    return ModerationDecisionRow(
        created_at_s=now,
        decision=decision,
        decided_by=decided_by,
        owner=owner,
        image_id=image.id,
        score=image.moderation_score,
        note=note,
    )


def of_upload(sha256: str, owner: str, decision: str, score: float, now: float) -> ModerationDecisionRow:
    return ModerationDecisionRow(
        created_at_s=now,
        decision=decision,
        decided_by=CLASSIFIER,
        owner=owner,
        asset_sha256=sha256,
        score=score,
        note="",
    )


def of_account(owner: str, is_exempt: bool, now: float, note: str, decided_by: str) -> ModerationDecisionRow:
    return ModerationDecisionRow(
        created_at_s=now,
        decision="exempted" if is_exempt else "unexempted",
        decided_by=decided_by,
        owner=owner,
        note=note,
    )
