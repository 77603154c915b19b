"""E-mail addresses as names of accounts: one spelling for all ways to write an address. The server sends no mail, so
only the syntax is checked."""

import unicodedata

import email_validator
from email_validator import EmailNotValidError, validate_email

MAX_CHARACTERS = 254

email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # names of a company's own network, like .local, are fine


def canonical(email: str) -> str | None:
    """The address in NFKC and lower case, its domain as IDNA's Unicode form; None: it is no address. Invisible
    characters (zero width, soft hyphen, direction marks) and domains without a dot are refused."""
    try:
        validated = validate_email(unicodedata.normalize("NFKC", email.strip()), check_deliverability=False)
    except EmailNotValidError:
        return None
    folded = unicodedata.normalize("NFKC", validated.normalized.lower())
    return folded if len(folded) <= MAX_CHARACTERS else None  # some letters have two in lower case


def spellings(email: str) -> tuple[str, ...]:
    """What an account of this address may be stored as: `canonical`, or as earlier versions stored it."""
    forms = (canonical(email), email.strip().lower())
    return tuple(dict.fromkeys(form for form in forms if form is not None))
