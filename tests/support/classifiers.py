"""Classifiers for tests: each picture gets the score that the test wants."""

import time
from collections.abc import Callable
from typing import Any

from litestar import Litestar
from PIL import Image


class ScriptedClassifier:
    """Scores `score`, whatever it sees, after `pause_s`. While `error` is set it raises that. `seen`: the sizes of what
    it has scored, without the probe of the service."""

    def __init__(self, score: float = 0.95) -> None:
        self.value: float = score
        self.pause_s = 0.0
        self.error: Exception | None = None
        self.seen: list[tuple[int, int]] = []

    def score(self, image: Image.Image) -> float:
        if image.size != (64, 64):
            time.sleep(self.pause_s)
            self.seen.append(image.size)
        if self.error is not None:
            raise self.error
        return self.value


def with_classifier(app: Litestar, load: Callable[[], Any]) -> Litestar:
    """The app with another classifier, before it starts."""
    app.state.lifespan.container.shared.moderation.load = load
    return app
