"""SQLite on a network filesystem is refused before it loses anything."""

from pathlib import Path

import pytest

from server.db.filesystem import NetworkFilesystem, check_local, filesystem_of, is_network

TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
nas:/export /srv nfs4 rw,vers=4.2 0 0
/dev/sdb1 /srv/fast xfs rw 0 0
mfs#storage:9421 /workspace fuse rw 0 0
//nas/my\\040share /mnt/my\\040share cifs rw 0 0
tmpfs /over tmpfs rw 0 0
bucket /over fuse.s3fs rw 0 0
C:\\134 /mnt/c 9p rw 0 0
torn
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/data", "ext4"),
        ("/srv", "nfs4"),
        ("/srv/pictures", "nfs4"),
        ("/srv/fast/data", "xfs"),
        ("/srv/faster", "nfs4"),
        ("/srvother", "ext4"),
        ("/workspace/data", "fuse"),
        ("/mnt/my share/data", "cifs"),
        ("/over/data", "fuse.s3fs"),
        ("/mnt/c/data", "9p"),
    ],
)
def test_the_innermost_mount_decides(folder: str, kind: str) -> None:
    assert filesystem_of(Path(folder), TABLE) == kind


def test_local_and_network_kinds_are_told_apart() -> None:
    assert all(map(is_network, ["nfs", "nfs4", "cifs", "9p", "fuse", "fuse.s3fs", "fuse.sshfs", "lustre"]))
    assert not any(map(is_network, ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "zfs", "fuseblk", "virtiofs", ""]))


def test_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"nas:/export {tmp_path} nfs4 rw 0 0\n")
    with pytest.raises(NetworkFilesystem) as refused:
        check_local(tmp_path / "data", mounts)
    for words in (str(tmp_path / "data"), "nfs4", "STUDIO_DATABASE_URL=sqlite", "postgresql+asyncpg://"):
        assert words in str(refused.value)
    mounts.write_text(f"/dev/sda1 {tmp_path} ext4 rw 0 0\n")
    check_local(tmp_path / "data", mounts)
    check_local(tmp_path / "data", tmp_path / "no list of mounts")
