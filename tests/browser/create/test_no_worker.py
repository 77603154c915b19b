"""The page while the machine with the GPU is off: it says so, takes orders, and shows pictures once a worker came."""

import json
import secrets
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.app_servers import new_database
from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED
from tests.browser.users import painting_server
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.servers import wake_hook
from tests.support.servers.ports import free_port

OFF = "No worker is running; the next picture starts one in about 40 s. You can ask for pictures now."


def test_the_page_works_without_a_worker_and_wakes_one(
    new_visitor: NewVisitor, axe: str, tmp_path: Path, postgres_server: PostgresServer, s3_server: S3Server
) -> None:
    bucket, hook = f"browser-{secrets.token_hex(6)}", tmp_path / "hook"
    s3_server.make_bucket(bucket)
    hook.mkdir()
    settings = {
        "STUDIO_DATABASE_URL": new_database(postgres_server),
        **s3_server.settings(bucket),
        "STUDIO_ROLE": "api",
        "STUDIO_WAKE_COMMAND": shlex.join([sys.executable, wake_hook.__file__, str(hook)]),
        "STUDIO_WAKE_RETRY_S": "1",
        "STUDIO_WORKER_START_S": "40",
    }
    with painting_server(tmp_path / "api", **settings) as api, ExitStack() as stack:
        stack.callback(wake_hook.stop_worker, hook)
        own = {"STUDIO_ROLE": "worker", "STUDIO_PORT": str(free_port()), "STUDIO_DATA_DIR": str(hook / "data")}
        environment = {**api.environment, **own}
        (hook / "worker.json").write_text(json.dumps({"command": api.command, "environment": environment}))
        api.start()
        visitor = new_visitor(api, PAINTED, hosts=(urlsplit(s3_server.url).netloc,))
        notice = visitor.page.get_by_role("status", name="Worker")
        expect(notice).to_have_text(OFF)
        assert visitor.violations(axe) == []
        visitor.ask("red dress, beach sunset")
        expect(visitor.page.get_by_text("· no worker is running; ").first).to_be_visible()
        expect(visitor.error).to_have_count(0)
        visitor.page.goto("/history/")
        expect(visitor.page.get_by_role("heading", name="History").first).to_be_visible()
        visitor.page.goto("/" + PAINTED)
        (hook / "may").touch()
        visitor.wait_for_pictures(4)
        expect(notice).to_have_count(0, timeout=20_000)
