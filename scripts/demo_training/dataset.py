"""The drawn pictures: which scenes there are, where they lie on disk, and how they are read back as tensors."""

import pickle
import random
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scripts.demo_training.budget import log
from scripts.demo_training.captions.scenes import Scene, sample_scene
from scripts.demo_training.drawing.scene import draw_with_face
from scripts.demo_training.parts import SIZE_PX

CHARACTERS = ("jade", "amber", "jade-v2")
"""Picture sets of the characters; `jade-v2` is Jade's second version."""
NARROW_PX = 192
HELD_OUT = "held_out"
BASE_SETS = ("square", "portrait", "landscape")


@dataclass(frozen=True)
class PictureSet:
    """`num` pictures of one kind, `width` x `height` px."""

    name: str
    num: int
    width: int = SIZE_PX
    height: int = SIZE_PX
    character: str | None = None
    version: int = 1


SETS = (
    PictureSet("square", 14_000),
    PictureSet("portrait", 1_200, width=NARROW_PX),
    PictureSet("landscape", 1_200, height=NARROW_PX),
    PictureSet(HELD_OUT, 512),
    PictureSet("jade", 400, character="jade"),
    PictureSet("amber", 400, character="amber"),
    PictureSet("jade-v2", 300, character="jade", version=2),
)


class Drawings:
    """A folder with `<set>.npy` (N, height, width, 3) uint8, `<set>.faces.npy` (N, 9) float32 and `<set>.scenes` (a
    pickled list of N scenes) for each set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def scenes(self, name: str) -> list[Scene]:
        return pickle.loads((self.folder / f"{name}.scenes").read_bytes())

    def pixels(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def faces(self, name: str) -> np.ndarray:
        """`Face.numbers` of every picture in pixels, NaN where no person is shown."""
        return np.load(self.folder / f"{name}.faces.npy")

    def ready(self, name: str) -> bool:
        return (self.folder / f"{name}.npy").exists() and (self.folder / f"{name}.scenes").exists()


def to_tensor(pixels: np.ndarray) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float32 in -1..1, channels last in memory."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def choose_scenes(seed: int = 20_26) -> dict[str, list[Scene]]:
    """Scenes of every set. The attribute combinations of the held-out set are all different and occur in no other set
    of the base."""
    rng = random.Random(seed)
    held_out: dict[tuple[object, ...], Scene] = {}
    wanted = {each.name: each for each in SETS}
    while len(held_out) < wanted[HELD_OUT].num:
        scene = sample_scene(rng)
        held_out.setdefault(scene.key(), scene)
    chosen = {HELD_OUT: list(held_out.values())}
    for each in SETS:
        if each.name == HELD_OUT:
            continue
        scenes: list[Scene] = []
        while len(scenes) < each.num:
            scene = sample_scene(rng, each.character, each.version)
            if scene.key() not in held_out:
                scenes.append(scene)
        chosen[each.name] = scenes
    return chosen


def _draw_chunk(task: tuple[str, int, int, int, list[Scene]]) -> tuple[int, np.ndarray]:
    """Draws some scenes into the file; first row and the faces (N, 9)."""
    path, start, width, height, scenes = task
    target, faces = np.load(path, mmap_mode="r+"), np.full((len(scenes), 9), np.nan, np.float32)
    for i, scene in enumerate(scenes):
        picture, face = draw_with_face(scene, width, height)
        target[start + i] = np.asarray(picture)
        if face is not None:
            faces[i] = face.numbers()
    target.flush()
    return start, faces


def draw_all(folder: Path, processes: int = 2, chunk: int = 100) -> None:
    """Draws every set that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = Drawings(folder)
    chosen = choose_scenes()
    with get_context("fork").Pool(processes) as pool:
        for each in SETS:
            if drawings.ready(each.name):
                continue
            scenes = chosen[each.name]
            part = folder / f"{each.name}.part.npy"
            np.lib.format.open_memmap(part, "w+", np.uint8, (each.num, each.height, each.width, 3)).flush()
            starts = range(0, each.num, chunk)
            tasks = [(str(part), at, each.width, each.height, scenes[at : at + chunk]) for at in starts]
            faces = np.empty((each.num, 9), np.float32)
            for start, some in pool.imap_unordered(_draw_chunk, tasks):
                faces[start : start + len(some)] = some
            np.save(folder / f"{each.name}.faces.npy", faces)
            (folder / f"{each.name}.scenes").write_bytes(pickle.dumps(scenes))
            part.rename(folder / f"{each.name}.npy")
            log(f"drawn: {each.name}, {each.num} pictures of {each.width} x {each.height}")
