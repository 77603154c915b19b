"""From a job's row to what the engine and the picture files need. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipelines.params import GenerationParams, LoraRef
from pipelines.plan import BatchKey, num_evaluations
from server.db.models import ImageRow, JobRow
from server.engine.requests import Candidate, ImageRequest
from server.queue.grid import Axes
from server.queue.model import JobOrder
from server.storage.infotext import Origin


def lora_json(ref: LoraRef, short_hash: str) -> dict[str, Any]:
    """One element of `JobRow.loras`."""
    return {
        "name": ref.name,
        "version": ref.version,
        "sha256": ref.sha256,
        "short_hash": short_hash,
        "weight": ref.weight,
    }


def lora_refs(job: JobRow) -> tuple[LoraRef, ...]:
    return _refs(job.loras)


def _refs(loras: Iterable[Mapping[str, Any]]) -> tuple[LoraRef, ...]:
    return tuple(LoraRef(each["name"], each["version"], each["sha256"], each["weight"]) for each in loras)


def params_of(job: JobRow, index: int = 0) -> GenerationParams:
    """The parameters of picture `index` of the job."""
    params = GenerationParams(
        prompt=job.final_prompt,
        negative_prompt=job.negative_prompt,
        num_inference_steps=job.num_inference_steps,
        guidance_scale=float(job.guidance_scale),  # SQLite's RETURNING gives 7.0 as an int
        width=job.width,
        height=job.height,
        seed=job.seed,
        sampler=job.sampler,
        loras=lora_refs(job),
        guidance_start=float(job.guidance_start),
        guidance_end=float(job.guidance_end),
    )
    if job.comparison is None:
        return params.with_index(index)
    cell = Axes.of(job.comparison).cell(index)
    made_of = job.comparison["cells"][cell.prompt_index][cell.variant_index]
    return replace(params, prompt=made_of["final_prompt"], seed=cell.seed, loras=_refs(made_of["loras"]))


def origin_of(job: JobRow, software: str) -> Origin:
    refs = lora_refs(job)
    hashes = {ref.label: each["short_hash"] for ref, each in zip(refs, job.loras, strict=True)}
    return Origin(job.base_name, job.base_sha256, software, hashes)


def object_facts(job: JobRow, image: ImageRow) -> dict[str, str]:
    """What the store keeps beside the picture, in ASCII. Readers of a public bucket see it too: a job that keeps its
    parameters out of its files keeps its seed out of here."""
    facts = {"job-id": job.id, "index": str(image.n - 1)}
    return facts if job.embed_parameters == "none" else facts | {"seed": str(image.seed)}


def evaluations_of(job: JobRow) -> int:
    """UNet forwards of one picture."""
    return num_evaluations(job.sampler, job.num_inference_steps)


def fair_owner(job: JobRow | JobOrder) -> str:
    """Whom the scheduler and the limits count the job to. Who has not signed in could have a new cookie for every job:
    their address counts. A key that calls for others gives each of them a turn."""
    return counted_as(job.owner, job.address, job.key_id, job.end_user)


def counted_as(owner: str, address: str | None, key_id: str | None, end_user: str | None) -> str:
    if end_user is not None:
        return f"{owner}/{key_id}/{end_user}"
    return address if address is not None and owner.startswith("anon:") else owner


def candidate_of(job: JobRow, num_stored: int, alone: bool = False) -> Candidate:
    """The job as the scheduler sees it when `num_stored` of its pictures are stored."""
    params, num_images = params_of(job), job.num_images - num_stored
    num_rows = evaluations_of(job) + len(params.guided(evaluations_of(job)))
    return Candidate(
        job_id=job.id,
        owner=fair_owner(job),
        work=num_rows * num_images,
        num_images=num_images,
        arrival_s=job.created_at_s,
        width=job.width,
        height=job.height,
        rows=params.rows,
        alone=alone,
    )


def requests_of(
    job: JobRow, lacking: Iterable[int], num_context_tokens: Callable[[GenerationParams], int]
) -> list[ImageRequest]:
    """The pictures with these indexes, to be made."""
    made_of = {index: params_of(job, index) for index in sorted(lacking)}
    return [
        ImageRequest(
            job_id=job.id,
            index=index,
            owner=fair_owner(job),
            params=params,
            arrival_s=job.created_at_s,
            batch_key=BatchKey(job.width, job.height, num_context_tokens(params)),
        )
        for index, params in made_of.items()
    ]
