"""Where the pictures of a comparison stand, what its request may be, and its sheet."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from pipelines.spec import LoraRef
from server.db.models import ImageRow, JobRow
from server.errors import InvalidRequest
from server.events.filenames import slug
from server.generation.requests import CompareRequest, CompareVariant, ExtraLora
from server.queue.grid import (
    Axes,
    Cell,
    distinct,
    variant_label,
)
from server.queue.mapping import requests_of
from server.queue.model import JobDraft, LoraChoice, LoraChoices, Requester
from server.storage.sheet_image import SheetRow, contact_sheet
from tests.support.builders import image_spec, request_policy

POLICY, CALLER = request_policy(), Requester("ip:192.0.2.7")

AXES = Axes(("red dress", "sea"), (7, 4, 9), ("jade-v1:0.9", "no LoRA"))


def test_prompts_change_slowest_and_variants_fastest() -> None:
    cells = [AXES.cell(index) for index in range(AXES.num_cells)]
    assert cells[:3] == [Cell(0, 7, 0), Cell(0, 7, 1), Cell(0, 4, 0)]
    assert cells[-1] == Cell(1, 9, 1)
    assert len(set(cells)) == AXES.num_cells == 12
    assert len({f"{slug(AXES.title(cell))}-{cell.seed}" for cell in cells}) == 12


def test_labels_name_the_loras_and_are_told_apart() -> None:
    jade = LoraRef("jade", "1", "a" * 64, 0.9)
    amber = LoraRef("amber", None, "b" * 64, 1.0)
    assert [variant_label(loras) for loras in ([jade, amber], [])] == ["jade-v1:0.9 + amber:1", "no LoRA"]
    assert distinct(["a", "b", "a", "a"]) == ("a", "b", "a (2)", "a (3)")


def compare(**changed: Any) -> JobDraft:
    variants = [CompareVariant("jade-v1", 0.5, [ExtraLora("amber", 0.2)]), CompareVariant("base"), CompareVariant()]
    asked = {"prompts": [" red dress "], "seeds": [7, 8], "variants": variants, **changed}
    return POLICY.compare(CompareRequest(**asked), CALLER)


def test_a_comparison_is_one_job_of_all_its_cells() -> None:
    made = compare(steps=5, format="png", guidance_start=0.1, guidance_end=0.6, clip_skip=2)
    assert (made.kind, made.prompt, made.axes) == ("compare", "red dress", Axes(("red dress",), (7, 8), ()))
    assert made.columns == (
        LoraChoices(
            LoraChoice("jade-v1", 0.5, "variants[0].model_name"),
            (LoraChoice("amber", 0.2, "variants[0].loras[0].name"),),
        ),
        LoraChoices(),
        LoraChoices(),
    )
    assert [image.choices for image in made.images] == [*made.columns, *made.columns]
    sampling = [image.spec.sampling for image in made.images]
    assert [each.seed for each in sampling] == [7, 7, 7, 8, 8, 8]
    assert {(each.steps, each.guidance_start, each.guidance_end) for each in sampling} == {(5, 0.1, 0.6)}
    assert {each.clip_skip for each in sampling} == {2}
    assert made.images[0].spec.output.format == "png"


def test_a_grid_that_is_too_large_is_refused_before_its_prompts_are_expanded() -> None:
    too_deep = "{a|" * 30 + "b" + "}" * 30  # its expansion would be refused
    with pytest.raises(InvalidRequest) as problem:
        compare(prompts=[too_deep], seeds=list(range(64)))
    assert [error.field for error in problem.value.errors] == ["variants"]


def test_of_large_seeds_the_lower_32_bits_count() -> None:
    made = compare(seeds=[2**64 - 1, 2**32])
    assert made.axes is not None and made.axes.seeds == (2**32 - 1, 0)
    assert {image.spec.sampling.seed for image in made.images} == {2**32 - 1, 0}


def test_loras_in_a_prompt_are_those_of_its_cells_and_in_no_label() -> None:
    made = compare(prompts=["red <lora:ruby:0.3>", "sea"], variants=[CompareVariant("jade")])
    assert [len(image.choices.others) for image in made.images if image.choices] == [1, 1, 0, 0]
    assert made.columns[0].others == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"seeds": list(range(22))}, "variants"),
        ({"seeds": [7, 7]}, "seeds"),
        ({"seeds": [7, 2**32 + 7]}, "seeds"),
        ({"prompts": ["red", "sea <lora:x:21>"]}, "prompts[1]"),
        (
            {"prompts": [f"{n} {'x' * 1_900}" for n in range(9)], "seeds": [7], "variants": [CompareVariant()]},
            "prompts",
        ),
        ({"variants": [CompareVariant(None, 0.5)]}, "variants[0].model_weight"),
        ({"negative_prompt": "<lora:jade:1>"}, "negative_prompt"),
        ({"sampler": "nobody"}, "sampler"),
        ({"width": 8}, "width"),
    ],
)
def test_what_cannot_be_compared_names_the_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
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
    job = JobRow(id="0" * 32, owner="ip:192.0.2.7", created_at_s=0.0)
    prompts = {1: "red", 3: "red " * 100, 4: "red"}
    images = [ImageRow(n=n, spec=image_spec(prompt=prompt)) for n, prompt in prompts.items()]
    made = requests_of(job, images, lambda spec: 77 if len(spec.prompt) < 100 else 154)
    assert [(each.index, each.batch_key.num_context_tokens) for each in made] == [(0, 77), (2, 154), (3, 77)]
