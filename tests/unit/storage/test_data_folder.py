"""The data folder: one process at a time, also where the folder is deleted under a running one."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from server.storage import data_folder
from server.storage.data_folder import DataFolder, DataFolderError, DataFolderInUse


@pytest.mark.parametrize("delete", ["folder", "lock"])
def test_a_server_does_not_start_beside_one_whose_folder_was_deleted(tmp_path: Path, delete: str):
    path = tmp_path / "data"
    first = DataFolder(path)
    if delete == "folder":
        shutil.rmtree(path)
    else:
        (path / "server.lock").unlink()
    with pytest.raises(DataFolderInUse, match=f"process id {os.getpid()} still works in the deleted data folder"):
        DataFolder(path)
    DataFolder(tmp_path / "other").close()
    first.close()
    DataFolder(path).close()


def test_processes_that_end_meanwhile_stop_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    listed = Path.glob

    def with_one_that_has_ended(folder: Path, pattern: str) -> list[Path]:
        return [Path("/proc/4194305"), *listed(folder, pattern)]  # above the greatest process id of Linux

    monkeypatch.setattr(Path, "glob", with_one_that_has_ended)
    DataFolder(tmp_path / "data").close()


@pytest.mark.parametrize("name", ["file", "file/data", "loop"])
def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path: Path, name: str):
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataFolderError, match=rf"{tmp_path}/{name} cannot be used: .*STUDIO_DATA_DIR"):
        DataFolder(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux: a folder in which no user makes a file")
def test_a_folder_that_takes_no_file_is_named_with_its_setting():
    with pytest.raises(DataFolderError, match=r"/proc/self cannot be used: .*make it writable.*STUDIO_DATA_DIR"):
        DataFolder(Path("/proc/self"))


async def test_a_lost_folder_is_noticed_and_so_is_its_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data_folder, "CHECK_S", 0.01)
    path, away = tmp_path / "data", tmp_path / "away"
    folder = DataFolder(path)
    watching = asyncio.create_task(folder.watch())

    async def lost_becomes(text: str) -> None:
        for _ in range(500):
            if (folder.lost or "").partition(" was ")[2].startswith(text) and bool(folder.lost) == bool(text):
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(folder.lost)

    path.rename(away)
    await lost_becomes("deleted")
    path.mkdir()
    (path / "server.lock").write_text("another's")
    await lost_becomes("replaced")
    shutil.rmtree(path)
    away.rename(path)
    await lost_becomes("")
    watching.cancel()
    folder.close()
