"""Writes frontend/openapi.json, the document that the page's types are made from. After a change of the API:

python scripts/openapi.py && python scripts/npm.py run types
"""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from server.app import create_app  # noqa: E402
from server.config.settings import Settings  # noqa: E402

DOCUMENT = ROOT / "frontend" / "openapi.json"


def document() -> str:
    """The API as this version has it, whatever the machine and its settings. Loads no model."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder)))
        return json.dumps(app.openapi_schema.to_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
