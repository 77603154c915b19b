"""Operator endpoints: the queue and the users."""

import asyncio
import math
import time
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter
from msgspec import UNSET

from server.accounts.admin_commands import Administration
from server.accounts.service import Account, Accounts
from server.accounts.tokens import RESET_HOURS
from server.api.accounts import examples as account_examples
from server.api.accounts.routes import PRIVATE
from server.api.accounts.schemas import utc
from server.api.auth.caller import Caller
from server.api.auth.guards import operator
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses
from server.api.usage import schemas as usage_schemas
from server.api.usage.routes import total
from server.errors import INVALID_REQUEST, NOT_FOUND, OPERATORS_ONLY, SCOPE_LACKING, UNAUTHORIZED, StudioError
from server.generation.lora_choices import NO_LORA
from server.generation.service import JobService
from server.observability.metrics import Metrics
from server.queue.counts import QueueCounts
from server.queue.model import JobStatus, JobView, Requester
from server.usage.service import Usage

MAX_QUEUED_JOBS = 500
USERS_A_PAGE = 100
USAGE_DAYS = 30

UserId = Annotated[
    str,
    PathParameter(description="An account's id.", examples=[Example("user", value=account_examples.USER.id)]),
]
After = Annotated[str | None, QueryParameter(description="The `next_cursor` of the page before.", max_length=254)]
TOTAL = usage_schemas.UsageTotal(generations=3, pictures=12, gpu_s=31.4)
QUEUE = usage_schemas.OperatorQueue(
    waiting=0,
    running=1,
    pictures_per_min=14.0,
    step_s=0.084,
    rows=7.6,
    jobs=[
        usage_schemas.QueuedJob(
            job_id=examples.JOB_ID,
            owner="ip:192.0.2.7",
            end_user=None,
            status="processing",
            model="jade-v1",
            created_at="2026-11-22T10:00:00Z",
            age_s=2.5,
            queue_position=0,
            estimated_time=3,
            images_completed=1,
            images_total=4,
        )
    ],
)
USER = usage_schemas.OperatorUser(
    id=account_examples.USER.id,
    email=account_examples.USER.email,
    is_operator=False,
    disabled=False,
    created_at="2026-11-22T10:00:00Z",
    total=TOTAL,
)
RESET_LINK = usage_schemas.ResetLink(
    url=f"https://studio.example.org/reset/?token={account_examples.CODE}", expires_in_s=RESET_HOURS * 3600
)
REFUSED = (UNAUTHORIZED, OPERATORS_ONLY)


class OperatorController(Controller):
    path = "/api/operator"
    tags = ("operator",)
    guards = (operator,)

    @get(
        "/queue",
        operation_id="operator_queue",
        summary="The queue",
        responses={200: examples.answers(QUEUE, "Waiting and running jobs"), **documented(*REFUSED)},
    )
    async def queue(
        self,
        jobs: NamedDependency[JobService],
        counts: NamedDependency[QueueCounts],
        metrics: NamedDependency[Metrics],
    ) -> usage_schemas.OperatorQueue:
        unfinished, by_status, num_last_min = await asyncio.gather(
            jobs.unfinished(MAX_QUEUED_JOBS), counts.by_status(), counts.images_since(60)
        )
        step_s, rows = metrics.recent_step() or (None, None)
        in_order = sorted(unfinished, key=lambda job: (job.queue_position, job.created_at_s))
        return usage_schemas.OperatorQueue(
            waiting=by_status.get(JobStatus.QUEUED, 0),
            running=by_status.get(JobStatus.PROCESSING, 0),
            pictures_per_min=float(num_last_min),
            step_s=step_s,
            rows=rows,
            jobs=[_queued(job) for job in in_order],
        )

    @get(
        "/users",
        operation_id="operator_users",
        summary="The users",
        responses={
            200: examples.answers(usage_schemas.OperatorUsers(users=[USER], next_cursor=None), "In order of e-mail"),
            **documented(INVALID_REQUEST, *REFUSED),
        },
    )
    async def users(
        self, accounts: NamedDependency[Accounts], usage: NamedDependency[Usage], cursor: After = None
    ) -> usage_schemas.OperatorUsers:
        page = await accounts.page(cursor or "", USERS_A_PAGE + 1)
        shown = page[:USERS_A_PAGE]
        users = [await user_with_usage(account, usage) for account in shown]
        more = shown[-1].email if len(page) > USERS_A_PAGE else None
        return usage_schemas.OperatorUsers(users=users, next_cursor=more)

    @post(
        "/users/{user_id:str}/reset-link",
        status_code=201,
        operation_id="create_reset_link",
        summary="Create a link that sets a new password",
        description="For the account's owner, who gets it from you: the server sends no mail. Earlier links of the"
        " account become invalid; its sessions end when the link is used. A key cannot do this, except"
        " STUDIO_ADMIN_KEY.",
        responses={
            201: examples.answers(RESET_LINK, "The link; only this answer contains it"),
            **documented(*REFUSED, NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def reset_link(
        self,
        request: Request[Any, Any, Any],
        user_id: UserId,
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        administration: NamedDependency[Administration],
        addresses: NamedDependency[Addresses],
    ) -> Response[usage_schemas.ResetLink]:
        if caller.key_id is not None:  # it would open an operator's account to all who have the key
            raise StudioError(SCOPE_LACKING, "a key cannot do this; log in, or send STUDIO_ADMIN_KEY")
        account = await accounts.get(user_id)
        code = await administration.reset_code(account.email, RESET_HOURS * 3600.0) if account is not None else None
        if code is None:
            raise no_account(user_id)
        link = usage_schemas.ResetLink(
            url=f"{addresses.base(request)}/reset/?token={code}", expires_in_s=RESET_HOURS * 3600
        )
        return Response(link, status_code=201, headers=PRIVATE)

    @post(
        "/users/{user_id:str}/disable",
        status_code=200,
        operation_id="disable_user",
        summary="Disable an account",
        description="Its sessions and keys become invalid immediately. Accepted jobs are made; nothing is deleted.",
        responses={
            200: examples.answers(USER, "The account"),
            **documented(*REFUSED, NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def disable(
        self, user_id: UserId, accounts: NamedDependency[Accounts], usage: NamedDependency[Usage]
    ) -> usage_schemas.OperatorUser:
        return await _set_disabled(accounts, usage, user_id, is_disabled=True)

    @post(
        "/users/{user_id:str}/enable",
        status_code=200,
        operation_id="enable_user",
        summary="Enable an account",
        responses={
            200: examples.answers(USER, "The account"),
            **documented(*REFUSED, NOT_FOUND, INVALID_REQUEST),
        },
    )
    async def enable(
        self, user_id: UserId, accounts: NamedDependency[Accounts], usage: NamedDependency[Usage]
    ) -> usage_schemas.OperatorUser:
        return await _set_disabled(accounts, usage, user_id, is_disabled=False)


async def _set_disabled(
    accounts: Accounts, usage: Usage, user_id: str, *, is_disabled: bool
) -> usage_schemas.OperatorUser:
    account = await accounts.set_disabled(user_id, is_disabled)
    if account is None:
        raise no_account(user_id)
    return await user_with_usage(account, usage)


def no_account(user_id: str) -> StudioError:
    return StudioError(NOT_FOUND, f"no account has the id {user_id[:64]}")


async def user_with_usage(account: Account, usage: Usage) -> usage_schemas.OperatorUser:
    days = await usage.days(Requester(account.owner), USAGE_DAYS)
    return usage_schemas.OperatorUser(
        id=account.id,
        email=account.email,
        is_operator=account.is_operator,
        disabled=account.is_disabled,
        created_at=utc(account.created_at_s),
        total=total(days),
        moderation_exempt=account.is_unmoderated or UNSET,
    )


def _queued(job: JobView) -> usage_schemas.QueuedJob:
    return usage_schemas.QueuedJob(
        job_id=job.job_id,
        owner=job.owner,
        end_user=job.end_user,
        status=job.status.value,
        model=job.first.model or NO_LORA,
        created_at=utc(job.created_at_s),
        age_s=round(max(0.0, time.time() - job.created_at_s), 1),
        queue_position=job.queue_position,
        estimated_time=math.ceil(job.remaining_s),
        images_completed=job.images_completed,
        images_total=job.images_total,
    )
