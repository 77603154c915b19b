"""Compare LoRAs on a running server and write the result as one HTML file.

    python scripts/measure/compare.py --prompt "jade woman, red dress" --seeds 1,2,3 --variant jade-v1 --variant base

Made for the end of a nightly training run: exits 1 where the comparison fails, and says why.
"""

import argparse
import base64
import html
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

WAIT_S = 30
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --faint: #5c5c5c; --line: #d4d4d8; }
@media (prefers-color-scheme: dark) { :root { --paper: #18181b; --ink: #ececec; --faint: #a1a1aa; --line: #3f3f46; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 90rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .75rem; overflow-wrap: anywhere; }
p { margin: 0; color: var(--faint); overflow-wrap: anywhere; }
.seed { display: grid; gap: .75rem; margin: 0 0 1.5rem;
  grid-template-columns: repeat(min(6, var(--variants)), minmax(0, 1fr)); }
figure { margin: 0; min-width: 0; } img { display: block; width: 100%; height: auto; border-radius: .4rem; }
figcaption { margin-top: .3rem; font-size: .85rem; overflow-wrap: anywhere; } figcaption span { color: var(--faint); }
.lacking { aspect-ratio: 1; border: 1px dashed var(--line); border-radius: .4rem; display: grid; place-items: center;
  color: var(--faint); font-size: .85rem; }
.facts { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; } th { font-weight: 500; color: var(--faint); width: 12rem; }
code { font-size: .85em; }
@media (max-width: 40rem) { .seed { grid-template-columns: repeat(min(2, var(--variants)), minmax(0, 1fr)); }
  th { width: 7rem; } }
"""


class CompareFailed(Exception):
    """The text is for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    try:
        with httpx.Client(base_url=options.url, headers=headers, timeout=WAIT_S + 30) as client:
            result = compare(client, _request(options))
            pictures = {output["index"]: _fetched(client, output) for output in result["outputs"]}
        options.out.write_text(report(result, pictures), encoding="utf-8")
    except (CompareFailed, httpx.HTTPError, OSError) as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    axes = result["comparison"]
    lacking = len(axes["prompts"]) * len(axes["seeds"]) * len(axes["variants"]) - len(pictures)
    print(f"{options.out}: {len(pictures)} pictures; job {result['job_id']} is {result['status']}")
    return 1 if lacking else 0


def compare(client: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """The result of the job once it has ended. Raises CompareFailed."""
    accepted = _answer(client.post("/api/compare", json=asked))
    for warning in accepted["warnings"]:
        print(f"compare: {warning}", file=sys.stderr)
    job_id = accepted["job_id"]
    while (state := _answer(client.get(f"/api/status/{job_id}", params={"wait": WAIT_S})))["status"] in (
        "queued",
        "processing",
    ):
        print(f"{state['images_completed']} of {state['images_total']} pictures, {state['estimated_time']} s left")
        time.sleep(0.2)
    if state["error"]:
        print(f"compare: {state['error']['detail']}", file=sys.stderr)
    return _answer(client.get(f"/api/result/{job_id}"))


def report(result: dict[str, Any], pictures: dict[int, str]) -> str:
    """One HTML file. `pictures` are `data:` addresses by index; every text of the result is escaped."""
    axes = result["comparison"]
    title = f"{' / '.join(axes['variants'])}"
    sections = [_section(axes, n, pictures) for n in range(len(axes["prompts"]))]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{html.escape(title)}</title>
<style>{STYLE}:root {{ --variants: {len(axes["variants"])}; }}</style>
</head>
<body>
<h1>{html.escape(title)}</h1>
<p>{len(pictures)} pictures: prompts {len(axes["prompts"])}, seeds {len(axes["seeds"])}, variants \
{len(axes["variants"])}. Job {html.escape(result["job_id"])}, {html.escape(result["status"])}.</p>
{"".join(sections)}
<h2>Settings</h2>
<div class="facts"><table>{_facts(result)}</table></div>
</body>
</html>
"""


def _section(axes: dict[str, Any], prompt_index: int, pictures: dict[int, str]) -> str:
    variants, seeds = axes["variants"], axes["seeds"]
    rows: list[str] = []
    for number, seed in enumerate(seeds):
        start = (prompt_index * len(seeds) + number) * len(variants)
        cells = [_cell(label, seed, pictures.get(start + n)) for n, label in enumerate(variants)]
        rows.append(f'<div class="seed">{"".join(cells)}</div>\n')
    return f"<h2>{html.escape(axes['prompts'][prompt_index])}</h2>\n{''.join(rows)}"


def _cell(label: str, seed: int, picture: str | None) -> str:
    name = f"{html.escape(label)} <span>seed {seed}</span>"
    alt = html.escape(f"{label}, seed {seed}", quote=True)
    shown = f'<img src="{picture}" alt="{alt}">' if picture else '<div class="lacking">not made</div>'
    return f"<figure>{shown}<figcaption>{name}</figcaption></figure>"


def _facts(result: dict[str, Any]) -> str:
    metadata = result["metadata"]
    facts = {
        "Negative prompt": metadata["negative_prompt"],
        "Steps": metadata["steps"],
        "Sampler": metadata["sampler"],
        "Guidance": metadata["guidance_scale"],
        "Size": f"{metadata['width']} x {metadata['height']}",
        "Style": metadata["style"] or "none",
        "Base model": f"{metadata['base_model']['name']}, SHA-256 {metadata['base_model']['sha256']}",
        **{f"LoRA {lora['name']}": f"SHA-256 {lora['sha256']}" for lora in metadata["loras"]},
        "Encoded, first variant": " | ".join(metadata["final_prompts"]),
    }
    return "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(str(v))}</td></tr>" for k, v in facts.items())


def _fetched(client: httpx.Client, output: dict[str, Any]) -> str:
    """As a `data:` address, asked of this server, with the key, wherever pictures are stored."""
    answer = client.get(f"/api/images/{output['id']}/download", follow_redirects=True)
    if answer.status_code != 200:
        raise CompareFailed(f"picture {output['id']} cannot be fetched: {answer.status_code}")
    kind = {"image/jpeg": "image/jpeg", "image/png": "image/png"}.get(output["content_type"], "image/webp")
    return f"data:{kind};base64,{base64.b64encode(answer.content).decode('ascii')}"


def _answer(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code >= 300:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        fields = "; ".join(
            f"{each['field']}: {each['detail']}, allowed: {each['allowed']}" for each in problem.get("errors", [])
        )
        raise CompareFailed(f"{answer.status_code} {problem.get('detail', answer.reason_phrase)} {fields}".strip())
    return answer.json()


def _request(options: argparse.Namespace) -> dict[str, Any]:
    wanted = {name: getattr(options, name) for name in ("steps", "width", "height", "sampler", "format")}
    wanted |= {"guidance_scale": options.guidance, "negative_prompt": options.negative}
    return {
        "prompts": options.prompt,
        "seeds": options.seeds,
        "variants": options.variant,
        **{name: value for name, value in wanted.items() if value is not None},
    }


def _variant(text: str) -> dict[str, Any]:
    """`jade-v12:0.7+amber:0.4`; `base` is no LoRA."""
    names = [part.strip().partition(":") for part in text.split("+")]
    weighted = [(name, float(weight) if weight else None) for name, _, weight in names]
    (model, model_weight), *others = weighted
    made: dict[str, Any] = {"model_name": None if model == "base" else model, "model_weight": model_weight}
    return made | {"loras": [{"name": name, "weight": weight} for name, weight in others]}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare LoRAs on a running server; one HTML file comes out.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of the server")
    parser.add_argument("--key", default=os.environ.get("STUDIO_API_KEY"), help="API key; default STUDIO_API_KEY")
    parser.add_argument("--prompt", action="append", required=True, help="may be given again")
    parser.add_argument(
        "--variant", type=_variant, action="append", required=True, help="jade-v2, jade-v2:0.7+amber:0.4, base"
    )
    parser.add_argument("--seeds", type=_numbers, required=True, help="1,2,3")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--height", type=int)
    parser.add_argument("--sampler")
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--negative", help="negative prompt")
    parser.add_argument("--format", choices=("jpeg", "png", "webp"))
    parser.add_argument("--out", type=Path, default=Path("compare.html"))
    return parser.parse_args(arguments)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
