"""Who owns the job of an anonymous caller."""

import pytest

from server.api.auth.caller import owner_of_address


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.0.2.7", "ip:192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "ip:2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "ip:2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "ip:192.0.2.7"),
        ("fe80::1%eth0", "ip:fe80::/64"),
        ("::1", "ip:::/64"),
        ("testclient", "ip:testclient"),
    ],
)
def test_one_household_is_one_owner(address: str, owner: str) -> None:
    assert owner_of_address(address) == owner
