"""The commonest passwords are refused, unusual ones are not."""

import pytest

from server.accounts.common_passwords import weakness

EMAIL = "ada.lovelace@example.org"
COMMON = """
1234567890 0123456789 9876543210 1111111111 31121999 311219991234 0000000000 1234512345 123123123123 abcabcabca
abcdefghij jihgfedcba qwertyuiop asdfghjkl; poiuytrewq 1qaz2wsx3edc 1q2w3e4r5t q1w2e3r4t5 aaaaaaaaaaaa !!!!!!!!!!
password12 Password1! P@ssw0rd123 p4ssw0rd!! passwordpassword PASSWORD-2024 iloveyou12 letmein1234
welcome2026 Welcome123! qwerty12345 qwerty-qwerty admin12345 Administrator1 changeme123 ch4ngeme!! monkey1234
Summer2026! winter-2025 lorastudio1 LoRA-Studio-2026 correct-horse-battery-staple trustno1234 football99 geheim1234
ada.lovelace@example.org ada.lovelace1 AdaLovelace!
"""
BLANK = (" " * 10, "\u00a0" * 12, "\u3000" * 10)
FULL_WIDTH_DIGITS = "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10"
UNUSUAL = """
correct horse battery
another horse, same battery
not to be forgotten
a long password of the tests
kX9$vT2#qL
purple-tractor-19
7391046582719463
zw\u00f6lf Boxk\u00e4mpfer
\u5bc6\u7801\u5f88\u96be\u731c\u7684\u4e00\u53e5\u8bdd\u554a
my dog ate the password
summer in the old garden
test the water twice
ada likes engines
"""


@pytest.mark.parametrize("password", [*COMMON.split(), *BLANK, FULL_WIDTH_DIGITS])
def test_a_common_password_is_refused_with_the_reason(password: str):
    assert weakness(password, EMAIL)


@pytest.mark.parametrize("password", UNUSUAL.strip().splitlines())
def test_an_unusual_password_is_not(password: str):
    assert weakness(password, EMAIL) is None
