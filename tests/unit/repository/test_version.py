import tomllib
from pathlib import Path

from server.version import VERSION


def test_the_version_in_code_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
