"""`python -m tests.support.runpod.painting_handler`: scripts/runpod_handler.py around a server that paints."""

from scripts import runpod_handler

if __name__ == "__main__":
    runpod_handler.SERVER = ("-m", "tests.support.servers.painting_server")
    runpod_handler.main()
