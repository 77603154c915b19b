"""One example of each answer about batches, for the OpenAPI document and its page."""

from server.api.batches import schemas
from server.api.jobs import examples
from server.errors import FieldError

BATCH_ID = "fedcba9876543210fedcba9876543210"
BODIES = {
    "list": [{"prompt": "red dress, beach"}, {"prompt": "blue dress, forest", "num_images": 2, "seed": 7}],
    "template": {
        "template": {"prompt": "{{color}} dress, {{place}}", "num_images": 1, "steps": "{{steps}}"},
        "variables": {"color": ["red", "blue"], "place": ["beach", "forest"], "steps": [20, 30]},
    },
}
JSONL = '{"prompt": "red dress, beach"}\n{"prompt": "blue dress, forest", "num_images": 2, "seed": 7}\n'
CSV = 'prompt,num_images,seed\n"red dress, beach",,\n"blue dress, forest",2,7\n'
ACCEPTED = schemas.AcceptedBatch(
    batch_id=BATCH_ID,
    lines_total=2,
    lines_accepted=2,
    images_total=6,
    errors=[],
    price_micro_usd=None,
    estimated_time=31,
    warnings=[],
)
DRY_RUN = schemas.AcceptedBatch(
    batch_id=None,
    lines_total=2,
    lines_accepted=1,
    images_total=4,
    errors=[FieldError("steps", "0 cannot be used", "a whole number from 1 to 150", line=3)],
    price_micro_usd=500_000,
    estimated_time=21,
    warnings=["10 jobs an hour are allowed, 0 are left: the other lines wait"],
    lines=[schemas.ShownLine(2, "red dress, beach"), schemas.ShownLine(3, "blue dress, forest")],
)
STATE = schemas.Batch(
    batch_id=BATCH_ID,
    name="summer",
    status="running",
    created_at="2026-11-28T10:00:00Z",
    lines_total=1000,
    counts=schemas.BatchCounts(waiting=812, queued=24, processing=8, completed=154, failed=2),
    images_total=1000,
    images_completed=154,
    progress=0.156,
    estimated_time=1730,
)
LINES = schemas.BatchLines(
    [
        schemas.BatchLine(
            line=2,
            status="completed",
            prompt="red dress, beach sunset",
            job_id=examples.JOB_ID,
            images=[examples.OUTPUT],
        )
    ],
    next_after=None,
)
EVENTS = (
    'event: progress\ndata: {"batch_id": "fedcba98...", "status": "running", "progress": 0.5}\n\n'
    'id: 12\nevent: line\ndata: {"line": 2, "status": "completed", "images": [{"filename": "00002-red-7.jpg"}]}\n\n'
    'id: 999999999\nevent: completed\ndata: {"batch_id": "fedcba98...", "status": "completed", "progress": 1.0}\n\n'
)
