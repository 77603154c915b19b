"""Errors carry what an API needs to render them."""

import logging

import pytest

import server.errors
from server.accounts.errors import TooManyPasswords, WrongLogin
from server.api.http.problems import problem_response
from server.db.session import DATABASE_ERRORS, DatabaseAway, DatabaseFull
from server.errors import MAX_ERRORS, FieldError, InvalidRequest, Kind, StudioError
from server.loras.errors import LoraNotFound, UnknownLora
from server.queue.errors import LimitReached, QueueFull
from server.storage.store import MissingObject

KINDS = [value for value in vars(server.errors).values() if isinstance(value, Kind)]


def test_each_kind_has_a_name_of_its_own_and_an_error_status() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 30
    assert all(400 <= kind.status < 600 and kind.title and kind.example for kind in KINDS)


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (QueueFull(500, 12), 503, {"Retry-After": "12"}),
        (
            LimitReached("10 jobs an hour are allowed", 10, 348),
            429,
            {"Retry-After": "348", "RateLimit-Limit": "10", "RateLimit-Remaining": "0", "RateLimit-Reset": "348"},
        ),
        (WrongLogin(), 401, {"WWW-Authenticate": 'Bearer realm="LoRA Studio"'}),
        (TooManyPasswords(), 503, {"Retry-After": "5"}),
        (LoraNotFound("ruby", ("jade",)), 404, {}),
        (MissingObject("there is no such object"), 503, {"Retry-After": "10"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_is_rendered_with_its_status_and_headers(
    error: StudioError, status: int, headers: dict[str, str]
) -> None:
    response = problem_response(error)
    assert (response.status_code, response.media_type) == (status, "application/problem+json")
    assert dict(response.headers) == headers
    document = response.content
    assert (document.type, document.title, document.status) == (error.kind.type, error.kind.title, status)
    assert document.detail == str(error)


def test_an_unknown_lora_names_its_field_and_the_names_that_exist() -> None:
    (wrong,) = UnknownLora("model_name", "ruby", ("jade", "jade-v1")).errors
    assert wrong == FieldError("model_name", "no LoRA is called 'ruby'", "jade, jade-v1, base")
    (wrong,) = UnknownLora("loras[0].name", "ruby", ()).errors
    assert wrong.allowed == "nothing"


def test_of_very_many_wrong_fields_the_first_are_named_and_the_rest_counted() -> None:
    error = InvalidRequest([FieldError(f"f{n}", "it cannot be used", "less") for n in range(1_500)])
    assert len(error.errors) == MAX_ERRORS
    assert error.detail.endswith("f99: it cannot be used, allowed is less; and 1,400 more")


@pytest.mark.parametrize(("kind", "level"), [(DatabaseAway, logging.WARNING), (DatabaseFull, logging.ERROR)])
def test_the_cause_of_a_database_error_is_logged_and_not_shown(
    kind: type[DatabaseAway | DatabaseFull], level: int
) -> None:
    error = kind("InterfaceError at 10.0.0.7")
    assert isinstance(error, DATABASE_ERRORS)
    assert (str(error), error.log_level) == ("InterfaceError at 10.0.0.7", level)
    assert "10.0.0.7" not in problem_response(error).content.detail
