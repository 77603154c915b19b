"""The caller of a request and its permissions. Handlers take it as `caller: NamedDependency[Caller]`;
authentication.py identifies it."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from litestar.connection import ASGIConnection

from server.queue.model import Requester, is_anonymous_owner

IPV6_OWNER_BITS = 64  # providers give each customer at least this block: it counts as one caller

GENERATE, READ, OPERATOR, ON_BEHALF = "generate", "read", "operator", "on_behalf"
EVERYBODY = frozenset({GENERATE, READ})


@dataclass(frozen=True, slots=True)
class Caller:
    """`owner` is the owner of the jobs: `user:{account id}`; without a login `anon:{id}` by the page's cookie, else the
    address; `operator` for STUDIO_ADMIN_KEY. `address` is `ip:192.0.2.7` or `ip:2001:db8::/64`, with and without a
    login. `key_id`: the API key of the request. `end_user`: the user that the key acts for (X-End-User). `scopes`: what
    the request may do."""

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
        """True if the caller may delete or mark what belongs to `owner`. To know its id is not enough."""
        return self.is_operator or (owner == self.owner and self.end_user in (None, end_user))

    def may_see(self, owner: str, end_user: str | None) -> bool:
        """True if the caller may read and cancel what belongs to `owner`. Every caller that knows the id may do so with
        an anonymous job. A key that acts for one end user does not see the jobs of another."""
        if self.is_operator or is_anonymous_owner(owner):
            return True
        return owner == self.owner and self.end_user in (None, end_user)


def anonymous(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """A caller known by its address only."""
    address = owner_of_address(connection.client.host if connection.client else "unknown")
    return Caller(owner=address, address=address)


def owner_of_address(host: str) -> str:
    """`ip:192.0.2.7`, `ip:2001:db8::/64`"""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a Unix socket, or the client of a test
        return f"ip:{host}"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return f"ip:{address.ipv4_mapped}"
        return f"ip:{IPv6Network((address, IPV6_OWNER_BITS), strict=False)}"
    return f"ip:{address}"
