"""How long a caller is willing to wait for its job: `Prefer: wait=10` (RFC 7240)."""

import re

from server.api.jobs.schemas import MAX_WAIT_S

_WAIT = re.compile(r'(?:^|,|;)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|,|;)', re.IGNORECASE)


def preferred_wait_s(prefer: str | None) -> int | None:
    """Seconds, at most MAX_WAIT_S; None where the header asks for none or cannot be read."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), MAX_WAIT_S) if found else None
