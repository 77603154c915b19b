"""Files dropped on a page."""

import base64

from playwright.sync_api import Page


def drop(page: Page, name: str, media_type: str, data: bytes, at: tuple[int, int] = (0, 0)) -> None:
    """`at`: pixels from the upper left corner of the window."""
    transfer = page.evaluate_handle(
        """([name, type, data]) => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
            transfer.items.add(new File([bytes], name, { type }));
            return transfer;
        }""",
        [name, media_type, base64.b64encode(data).decode()],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": transfer, "clientX": at[0], "clientY": at[1]})
