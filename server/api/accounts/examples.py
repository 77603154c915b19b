"""An example of each body and answer of the account and key endpoints."""

from server.api.accounts import schemas as schemas
from server.api.jobs.examples import JOB_ID
from server.api.usage.schemas import LimitLeft, LimitsLeft

PASSWORD, NEW_PASSWORD = "correct horse battery", "another horse, same battery"
KEY_ID = "89abcdef" * 4
CODE = "Zm9yIHNvbWVib2R5IHdobyBoYXMgZm9yZ290dGVuIGl0"

LIMITS = LimitsLeft(
    jobs_per_hour=LimitLeft(limit=10, remaining=7, reset_s=1840), pictures_per_day=None, gpu_s_per_day=None
)
REGISTRATION = schemas.Registration(email="ada@example.org", password=PASSWORD)
REGISTERED = schemas.Registered(email="ada@example.org")
CREDENTIALS = schemas.Credentials(email="ada@example.org", password=PASSWORD)
PASSWORD_CHANGE = schemas.PasswordChange(password=PASSWORD, new_password=NEW_PASSWORD)
PASSWORD_RESET = schemas.PasswordReset(token=CODE, new_password=NEW_PASSWORD)
ACCOUNT_DELETION = schemas.AccountDeletion(password=PASSWORD)
USER = schemas.User(id="01234567" * 4, email="ada@example.org", is_operator=False, created_at="2026-11-22T10:00:00Z")
ME = schemas.Me(user=USER, scopes=["generate", "read"], registration="open", anonymous=True, limits=LIMITS)
KEY_WISH = schemas.KeyWish(name="front end", scopes=["generate", "read"], expires_in_days=90)
NEW_KEY = schemas.NewKey(
    id=KEY_ID,
    name="front end",
    key="ls_c29tZXRoaW5nIHRoYXQgbm9ib2R5IGNhbiBndWVzcyE",
    scopes=["generate", "read"],
    expires_at="2027-02-20T10:00:00Z",
)
KEYS = schemas.Keys(
    [
        schemas.Key(
            id=KEY_ID,
            name="front end",
            scopes=["generate", "read"],
            created_at="2026-11-22T10:00:00Z",
            expires_at="2027-02-20T10:00:00Z",
            last_used_at=None,
        )
    ]
)
STREAM_TOKEN = schemas.StreamToken(
    token=CODE,
    events_url=f"https://studio.example.org/api/jobs/{JOB_ID}/events?token={CODE}",
    expires_in_s=60,
)
