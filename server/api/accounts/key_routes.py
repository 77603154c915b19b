"""API key endpoints: create, list, revoke."""

import re
from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from server.accounts.keys import ApiKey, ApiKeys
from server.api.accounts import examples as account_examples
from server.api.accounts.routes import MAX_BODY_BYTES, PRIVATE, REFUSED
from server.api.accounts.schemas import (
    Key,
    Keys,
    KeyWish,
    NewKey,
    utc,
)
from server.api.auth.caller import OPERATOR, Caller
from server.api.auth.guards import signed_in
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.errors import CONFLICT, INVALID_REQUEST, NOT_FOUND, OPERATORS_ONLY, FieldError, InvalidRequest, StudioError

DAY_S = 86_400.0

KeyId = Annotated[
    str, PathParameter(description="The key's `id`.", examples=[Example("key", value=account_examples.KEY_ID)])
]


class KeysController(Controller):
    path = "/api/keys"
    tags = ("accounts",)
    guards = (signed_in,)

    @get(
        "/",
        operation_id="keys",
        summary="My API keys",
        responses={
            200: examples.answers(account_examples.KEYS, "Without the secrets"),
            **documented(),
        },
    )
    async def keys(self, caller: NamedDependency[Caller], keys: NamedDependency[ApiKeys]) -> Response[Keys]:
        assert caller.user_id is not None  # by the guard
        return Response(Keys([_key(each) for each in await keys.list(caller.user_id)]), headers=PRIVATE)

    @post(
        "/",
        status_code=201,
        operation_id="create_key",
        summary="Create an API key",
        description="Send it as `Authorization: Bearer`. Only this answer contains it.",
        before_request=body_like(account_examples.KEY_WISH),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            201: examples.answers(account_examples.NEW_KEY, "The key"),
            **documented(*REFUSED, OPERATORS_ONLY, CONFLICT),
        },
    )
    async def create(
        self,
        data: Annotated[KeyWish, json_body(account_examples.KEY_WISH)],
        caller: NamedDependency[Caller],
        keys: NamedDependency[ApiKeys],
    ) -> Response[NewKey]:
        assert caller.user_id is not None  # by the guard
        if not data.name.strip():
            raise InvalidRequest([FieldError("name", "it is blank", "text of 1 to 64 characters")])
        if OPERATOR in data.scopes and not caller.is_operator:
            raise StudioError(OPERATORS_ONLY, "only operators may make a key with the scope operator")
        days = data.expires_in_days
        expires_in_s = None if days is None else days * DAY_S
        key, secret = await keys.create(caller.user_id, data.name.strip(), data.scopes, expires_in_s)
        shown = _key(key)
        new = NewKey(id=key.id, name=key.name, key=secret, scopes=shown.scopes, expires_at=shown.expires_at)
        return Response(new, status_code=201, headers=PRIVATE)

    @delete(
        "/{key_id:str}",
        status_code=204,
        operation_id="revoke_key",
        summary="Revoke an API key",
        description="Requests with it are answered 401 from now on.",
        responses=documented(NOT_FOUND, INVALID_REQUEST),
    )
    async def revoke(self, key_id: KeyId, caller: NamedDependency[Caller], keys: NamedDependency[ApiKeys]) -> None:
        assert caller.user_id is not None  # by the guard
        known = re.fullmatch(r"[0-9a-f]{32}", key_id) and await keys.revoke(caller.user_id, key_id)
        if not known:
            raise StudioError(NOT_FOUND, f"you have no key with the id {key_id[:64]}")


def _key(key: ApiKey) -> Key:
    return Key(
        id=key.id,
        name=key.name,
        scopes=sorted(key.scopes),  # pyright: ignore[reportArgumentType]  # they are Scopes
        created_at=utc(key.created_at_s),
        expires_at=None if key.expires_at_s is None else utc(key.expires_at_s),
        last_used_at=None if key.last_used_at_s is None else utc(key.last_used_at_s),
    )
