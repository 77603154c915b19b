"""Where jobs stand and when they will be done, from what the engine and the last look at the queue know."""

from server.engine.engine import Engine


class Outlook:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
