"""A real server with an upscaler: second passes and upscaled pictures by its network, next to other requests."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.e2e.conftest import NewServer
from tests.support.http_jobs import ended, submit
from tests.support.upscalers import X2, X4, write_upscaler

SMALL = {"model_name": "base", "width": 128, "height": 128, "steps": 4, "num_images": 1, "format": "png"}


def test_pictures_are_enlarged_by_a_network_and_a_broken_one_fails_its_own(
    new_demo_server: NewServer, tmp_path: Path
) -> None:
    folder = tmp_path / "upscalers"
    write_upscaler(folder / "sharp.safetensors", X4)
    write_upscaler(folder / "lost.safetensors", X2)
    with new_demo_server("server", STUDIO_UPSCALER_DIR=str(folder)) as server:
        server.start()
        assert server.http.get("/api/options").json()["image_to_image"]["upscalers"][2:] == ["lost", "sharp"]
        (folder / "lost.safetensors").unlink()  # no reload: it is still accepted
        other = submit(server, **{**SMALL, "num_images": 4, "steps": 20})
        lost = submit(server, **SMALL, hires={"upscaler": "lost", "strength": 0.5})
        made = submit(server, **SMALL, hires={"upscaler": "sharp", "strength": 0.5})
        assert ended(server, made)["status"] == ended(server, other)["status"] == "completed"
        failed = ended(server, lost)
        assert failed["status"] == "failed"
        assert "the upscaler lost cannot be used: its file is not in the folder" in failed["error"]["detail"]

        result = server.http.get(f"/api/result/{made}").json()
        (output,) = result["outputs"]
        assert result["metadata"]["hires"]["upscaler"] == "sharp"
        answer = server.http.post(f"/api/images/{output['id']}/upscale", json={"scale": 1.5, "upscaler": "sharp"})
        upscaled = answer.json()["job_id"]
        assert ended(server, upscaled)["status"] == "completed"
        (larger,) = server.http.get(f"/api/result/{upscaled}").json()["outputs"]
        picture = Image.open(BytesIO(server.http.get(larger["url"]).content))
        assert picture.size == (384, 384)
        assert "Upscaler: sharp" in picture.info["parameters"]
