"""The HTTP side starts without torch: a fresh interpreter imports every module of the server and finds none."""

import subprocess
import sys

IMPORT_EVERYTHING = """
import pkgutil, sys
import server

for module in pkgutil.walk_packages(server.__path__, "server."):
    if "migrations" not in module.name:  # alembic runs these, they are not imported
        __import__(module.name)
print(*sorted({"torch", "diffusers", "transformers", "peft", "onnxruntime"} & set(sys.modules)))
"""


def test_no_module_of_the_server_imports_torch() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_EVERYTHING], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
