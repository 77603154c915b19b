"""Banned words: whole words in any spelling, and nothing that only looks alike."""

import pytest

from server.errors import InvalidRequest
from server.generation.requests import CompareRequest, CompareVariant, GenerateRequest
from server.moderation.banned_words import BannedWords
from server.queue.model import Requester
from tests.support.builders import request_policy

BANNED = BannedWords(["# words", "gore", "Straße", "no clothes  # a phrase", "", "café", "裸"])


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("a scene of gore", "gore"),
        ("GORE!", "gore"),
        ("(gore:1.3), castle", "gore"),
        ("g\u200bore", "gore"),
        ("\uff47\uff4f\uff52\uff45", "gore"),
        ("red_gore_scene", "gore"),
        ("STRASSE at night", "Straße"),
        ("woman with no, clothes", "no clothes"),
        ("CAFE\u0301 in Paris", "café"),
        ("cafe in Paris", "café"),
        ("一個裸的人", "裸"),
        ("Gorenje, gored, gore2", None),
        ("no red clothes", None),
        ("a castle", None),
        ("", None),
    ],
)
def test_words_are_found_in_any_spelling(prompt: str, found: str | None) -> None:
    assert BANNED.find(prompt) == found


def test_an_empty_list_bans_nothing() -> None:
    assert BannedWords(["", "# nothing"]).find("gore") is None


def test_every_kind_of_request_names_the_field() -> None:
    policy = request_policy()
    policy.banned = BANNED
    someone = Requester("ip:192.0.2.7")
    with pytest.raises(InvalidRequest) as refused:
        policy.generate(GenerateRequest(prompt="gore"), someone, 1)
    assert [(each.field, each.allowed) for each in refused.value.errors] == [("prompt", "a prompt without it")]
    assert refused.value.kind.status == 400
    request = CompareRequest(prompts=["castle", "gore"], seeds=[1], variants=[CompareVariant()])
    with pytest.raises(InvalidRequest) as refused:
        policy.compare(request, someone)
    assert [each.field for each in refused.value.errors] == ["prompts[1]"]
    policy.generate(GenerateRequest(prompt="castle", negative_prompt="gore"), someone, 1)
