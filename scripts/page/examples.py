"""Makes the pictures of the page's example prompts again, from a running server with the demo model:

    .venv/bin/python scripts/page/examples.py http://127.0.0.1:8000

One picture for each entry of frontend/src/create/demo-examples.json, into frontend/public/examples/."""

import io
import json
import sys
from pathlib import Path

import httpx
from PIL import Image

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
QUALITY = 82  # of the WebP file: about 8 KB each at 256 x 256


def make(server: httpx.Client, example: dict[str, str | int | None]) -> Image.Image:
    order = {key: value for key, value in example.items() if key != "picture"} | {"num_images": 1, "format": "png"}
    answer = server.post("/api/generate", json=order, headers={"Prefer": "wait=60"}).raise_for_status().json()
    return Image.open(io.BytesIO(server.get(answer["outputs"][0]["url"]).raise_for_status().content))


def main(address: str) -> None:
    examples = json.loads((FRONTEND / "src/create/demo-examples.json").read_text())
    folder = FRONTEND / "public/examples"
    folder.mkdir(parents=True, exist_ok=True)
    with httpx.Client(base_url=address, timeout=90) as server:
        for example in examples:
            make(server, example).save(folder / example["picture"], quality=QUALITY)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
