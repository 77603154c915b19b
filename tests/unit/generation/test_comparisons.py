"""Where the pictures of a comparison stand, what its request may be, and its sheet."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from server.api.http.problems import Problem
from server.api.jobs.compare_schemas import CompareRequest, CompareVariant
from server.api.jobs.schemas import ExtraLora
from server.db.models import JobRow
from server.events.filenames import slug
from server.generation.comparisons import fill_in_comparison
from server.queue.grid import (
    Axes,
    Cell,
    told_apart,
    variant_label,
)
from server.queue.mapping import requests_of
from server.queue.model import JobOrder, LoraChoice, Variant
from server.storage.sheet_image import SheetRow, contact_sheet
from tests.unit.generation.test_policy import CALLER, RULES

AXES = Axes(("red dress", "sea"), (7, 4, 9), ("jade-v1:0.9", "no LoRA"))


def test_prompts_change_slowest_and_variants_fastest() -> None:
    cells = [AXES.cell(index) for index in range(AXES.num_cells)]
    assert cells[:3] == [Cell(0, 7, 0), Cell(0, 7, 1), Cell(0, 4, 0)]
    assert cells[-1] == Cell(1, 9, 1)
    assert len(set(cells)) == AXES.num_cells == 12
    assert len({f"{slug(AXES.title(cell))}-{cell.seed}" for cell in cells}) == 12


def test_labels_name_the_loras_and_are_told_apart() -> None:
    jade = {"name": "jade", "version": "1", "weight": 0.9}
    amber = {"name": "amber", "version": None, "weight": 1.0}
    assert [variant_label(loras) for loras in ([jade, amber], [])] == ["jade-v1:0.9 + amber:1", "no LoRA"]
    assert told_apart(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


def compare(**changed: Any) -> JobOrder:
    variants = [CompareVariant("jade-v1", 0.5, [ExtraLora("amber", 0.2)]), CompareVariant("base"), CompareVariant()]
    asked = {"prompts": [" red dress "], "seeds": [7, 8], "variants": variants, **changed}
    return fill_in_comparison(CompareRequest(**asked), RULES, CALLER)


def test_a_comparison_is_one_job_of_all_its_cells() -> None:
    made = compare(steps=5, format="png")
    assert (made.num_images, made.seed, made.num_inference_steps, made.image_format) == (6, 7, 5, "png")
    assert made.comparison is not None
    assert made.comparison.prompts == ("red dress",)
    assert made.comparison.variants == (
        Variant(
            LoraChoice("jade-v1", 0.5, "variants[0].model_name"),
            (LoraChoice("amber", 0.2, "variants[0].loras[0].name"),),
        ),
        Variant(None, ()),
        Variant(None, ()),
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"seeds": list(range(22))}, "variants"),
        ({"seeds": [7, 7]}, "seeds"),
        ({"prompts": ["red", "sea <lora:x:9>"]}, "prompts[1]"),
        ({"variants": [CompareVariant(None, 0.5)]}, "variants[0].model_weight"),
        ({"negative_prompt": "<lora:jade:1>"}, "negative_prompt"),
        ({"sampler": "nobody"}, "sampler"),
        ({"width": 8}, "width"),
    ],
)
def test_what_cannot_be_compared_names_the_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as refused:
        compare(**changed)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_sheet_holds_every_picture_and_a_gray_place_where_one_lacks() -> None:
    def picture(color: str) -> bytes:
        file = BytesIO()
        Image.new("RGB", (40, 20), color).save(file, "PNG")
        return file.getvalue()

    rows = [
        SheetRow("red dress " * 60, "seed 7", [picture("red"), None]),
        SheetRow(None, "seed 8", [picture("blue")] * 2),
    ]
    sheet = contact_sheet(["jade-v1:0.9", "no LoRA"], rows)
    shown = Image.open(BytesIO(sheet)).convert("RGB")
    painted: list[Any] = shown.getcolors(2**20) or []
    colors = {tuple(channel // 64 for channel in color) for _, color in painted}
    assert {(3, 0, 0), (0, 0, 3), (3, 3, 3)} <= colors
    assert sheet == contact_sheet(["jade-v1:0.9", "no LoRA"], rows)
    widest = Image.open(BytesIO(contact_sheet(["x" * 200] * 64, [SheetRow("", "seed 1", [None] * 64)])))
    assert max(widest.size) <= 6000


def test_cells_of_one_context_length_share_forwards() -> None:
    cells = [[{"final_prompt": prompt, "loras": []}] for prompt in ("red", "red " * 100)]
    job = JobRow(
        id="0" * 32,
        owner="ip:192.0.2.7",
        created_at_s=0.0,
        negative_prompt="",
        final_prompt="",
        num_inference_steps=2,
        guidance_scale=7.0,
        guidance_start=0.0,
        guidance_end=1.0,
        width=64,
        height=64,
        seed=1,
        sampler="euler",
        loras=[],
        comparison={"prompts": ["a", "b"], "seeds": [1, 2], "variants": ["no LoRA"], "cells": cells},
    )
    made = requests_of(job, {0, 2, 3}, lambda params: 77 if len(params.prompt) < 100 else 154)
    assert [(each.index, each.params.seed, each.batch_key.num_context_tokens) for each in made] == [
        (0, 1, 77),
        (2, 1, 154),
        (3, 2, 154),
    ]
