"""Refuse the commonest passwords: what lists of leaked ones begin with, by pattern rather than by enumeration. The list
is our own; a password is folded before it is compared, so that `P@ssw0rd-2024` is `password`."""

import re
import unicodedata
from itertools import pairwise

MIN_DIGITS = 16
"""Digits alone need as many: ten of them are a telephone number or a date."""

LEET = str.maketrans("@4301$5!7+", "aaeoissitt")
LEAKED = """
password passwort passwd passphrase pass motdepasse contrasena senha parola wachtwoord haslo secret geheim
letmein welcome willkommen bienvenue login logmein access admin administrator root user username guest test testing
tester default changeme changeit master superuser superman batman spiderman pokemon starwars matrix naruto minecraft
qwerty qwertz azerty qwertyuiop qwertzuiop azertyuiop asdfghjkl asdfgh asdf zxcvbnm zxcvbn qazwsx qazwsxedc wasd
iloveyou ilove loveyou loveme love lovely sunshine princess princesse prinzessin dragon monkey shadow football
fussball baseball basketball soccer hockey liverpool arsenal chelsea barcelona realmadrid juventus bayern ferrari
porsche mercedes mustang harley corvette jordan michael michelle jessica jennifer ashley daniel thomas charlie
andrew robert matthew joshua anthony nicole amanda hunter ranger killer trustno freedom whatever computer internet
google facebook microsoft windows samsung nintendo playstation hello hallo bonjour world helloworld
summer sommer winter spring autumn herbst january february march april june july august september october november
december monday friday cheese chocolate coffee cookie flower butterfly angel angels babygirl blessed jesus
server studio lora lorastudio stablediffusion database postgres letmeinnow openup opensesame abc abcd abcdef
correcthorsebatterystaple
"""
WORDS = frozenset(LEAKED.split())
RUNS = (
    *("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop"),
    *("01234567890123456789", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p"),
)


def weakness(password: str, email: str | None = None) -> str | None:
    """Why the password is among the most common ones; None: it is not."""
    text = unicodedata.normalize("NFKC", password).casefold()
    if not re.search(r"[^\W_]", text):
        return "it has neither letters nor digits"
    if text.isdigit() and len(text) < MIN_DIGITS:
        return f"digits alone need {MIN_DIGITS} of them"
    unit = _unit(re.sub(r"[\W_]+", "", text))
    if len(unit) < 4 or _is_run(unit):
        return "it repeats a few characters, or follows the alphabet or the keyboard"
    if email is not None and _core(text) in {_core(email.casefold()), _core(email.casefold().partition("@")[0])}:
        return "it is the e-mail address"
    if _core(text) in WORDS or _unit(_core(text)) in WORDS:
        return "it is one of the most common passwords"
    return None


def _core(text: str) -> str:
    """The letters, without what people add at the ends; digits within are read as the letters they look like."""
    ends = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text) or text
    return re.sub(r"[\W\d_]+", "", ends.translate(LEET))


def _unit(text: str) -> str:
    """`abc` of `abcabcabc` and of `abcabcab`."""
    return next((text[:n] for n in range(1, len(text)) if text.startswith(text[n:]) and 2 * n <= len(text)), text)


def _is_run(text: str) -> bool:
    """True if the text is a part of a run, forwards or backwards, or steps by one all the way."""
    if any(text in run or text[::-1] in run for run in RUNS):
        return True
    return len({ord(second) - ord(first) for first, second in pairwise(text)}) == 1
