"""Who calls, and what they may do. Handlers are handed it as `caller: NamedDependency[Caller]`; the guard of
server/api/auth/authentication.py finds it out before."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from litestar.connection import ASGIConnection

from server.queue.model import Requester, is_anonymous_owner

IPV6_OWNER_BITS = 64  # one customer of a provider holds at least this block: all of it is one caller

GENERATE, READ, OPERATOR, ON_BEHALF = "generate", "read", "operator", "on_behalf"
EVERYBODY = frozenset({GENERATE, READ})


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is what jobs are kept under: `user:{account id}`; of callers who have not signed in `anon:{id}`, where
    the page has given them a cookie, else their address; `operator` for STUDIO_ADMIN_KEY. `address` is `ip:192.0.2.7`,
    `ip:2001:db8::/64`, whoever calls. `key_id`: called with this API key. `end_user`: whom the key calls for
    (X-End-User). `scopes`: what the call may do; all of EVERYBODY where nothing limits it."""

    owner: str
    address: str
    user_id: str | None = None
    key_id: str | None = None
    scopes: frozenset[str] = EVERYBODY
    is_operator: bool = False
    end_user: str | None = None

    @property
    def is_anonymous(self) -> bool:
        return is_anonymous_owner(self.owner)

    @property
    def requester(self) -> Requester:
        return Requester(self.owner, self.address, self.key_id, self.end_user)

    def may_change(self, owner: str, end_user: str | None) -> bool:
        """May they delete or mark what belongs to `owner`? An id is not enough for that."""
        return self.is_operator or (owner == self.owner and self.end_user in (None, end_user))

    def may_see(self, owner: str, end_user: str | None) -> bool:
        """May they read and cancel what belongs to `owner`? What nobody has signed for belongs to whoever holds its
        id. A key that calls for one end user does not see the things of another."""
        if self.is_operator or is_anonymous_owner(owner):
            return True
        return owner == self.owner and self.end_user in (None, end_user)


def anonymous(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """A caller of whom only the address is known."""
    address = owner_of_address(connection.client.host if connection.client else "unknown")
    return Caller(owner=address, address=address)


def owner_of_address(host: str) -> str:
    """`ip:192.0.2.7`, `ip:2001:db8::/64`"""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a Unix socket, or a test's client
        return f"ip:{host}"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return f"ip:{address.ipv4_mapped}"
        return f"ip:{IPv6Network((address, IPV6_OWNER_BITS), strict=False)}"
    return f"ip:{address}"
