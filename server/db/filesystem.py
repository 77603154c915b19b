"""Detect network filesystems: SQLite's write-ahead log uses shared memory and loses data over a network."""

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")

_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
    *("ocfs2", "gfs2", "davfs", "acfs", "wekafs", "fhgfs", "pvfs2", "orangefs"),
}
_LOCAL_FUSE = {"fuseblk", "fuse.fuse-overlayfs", "fuse.ntfs-3g", "fuse.mergerfs", "fuse.bindfs", "fuse.lxcfs"}


class NetworkFilesystem(Exception):
    """The folder of an SQLite database is on a network filesystem."""


def check_local(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raises NetworkFilesystem if `folder` is not local. Without a list of mounts (macOS) every folder counts as
    local."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = filesystem_of(folder.resolve(), table)
    if is_network(kind):
        raise NetworkFilesystem(
            f"the SQLite database would lie in {folder.absolute()}, which is on a network filesystem ({kind}), where"
            " SQLite loses data. Put it on a disk of this machine"
            " (STUDIO_DATABASE_URL=sqlite+aiosqlite:////var/lib/studio/studio.db; pictures and models may stay where"
            " they are), or use PostgreSQL (STUDIO_DATABASE_URL=postgresql+asyncpg://...)"
        )


def filesystem_of(folder: Path, table: str) -> str:
    """The type of the mount that holds `folder` (absolute); "" if there is none. `table` has the format of
    /proc/mounts: device, mount point and type are the first three fields, with spaces as \\040."""
    best, kind = -1, ""
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1]))
        if folder.is_relative_to(point) and len(point.parts) >= best:  # a later mount hides an earlier one
            best, kind = len(point.parts), fields[2]
    return kind


def is_network(kind: str) -> bool:
    """Of FUSE filesystems only the ones known to be local count as local: most are network filesystems."""
    return kind in _NETWORK or ((kind == "fuse" or kind.startswith("fuse.")) and kind not in _LOCAL_FUSE)
