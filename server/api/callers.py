"""Who calls."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from litestar import Request

IPV6_OWNER_BITS = 64  # one customer of a provider holds at least this block: all of it is one caller


def anonymous_owner(request: Request[Any, Any, Any]) -> str:
    """`ip:192.0.2.7`, `ip:2001:db8::/64`: the owner of jobs of a caller who has not signed in."""
    return owner_of_address(request.client.host if request.client else "unknown")


def owner_of_address(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:  # a Unix socket, or a test's client
        return f"ip:{host}"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return f"ip:{address.ipv4_mapped}"
        return f"ip:{IPv6Network((address, IPV6_OWNER_BITS), strict=False)}"
    return f"ip:{address}"
