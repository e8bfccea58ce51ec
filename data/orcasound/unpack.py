"""Unpacking an archive: Pod.Cast tables, and the recordings that they name."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from tqdm import tqdm

from stages.lib.runtime.faults import InputFaults, refuse

TABLE, RECORDING = ".tsv", ".wav"


def unpack(archive: Path, tables: Path, recordings: Path) -> tuple[list[Path], list[str]]:
    """Unpack the tables and recordings of an archive, from any of its folders.

    Parameters
    ----------
    archive : Path
        A .tar.gz file; its name is prefixed to the names of the tables.
    tables, recordings : Path
        Folders to write to.

    Returns
    -------
    tables : list of Path
    recordings : list of str
        Their names.

    Raises
    ------
    InputFaults
        If the file is not a .tar.gz archive, is damaged, or lacks tables or recordings.
    """
    written: list[Path] = []
    try:
        with tarfile.open(archive, "r:gz") as files:
            for member in tqdm(wanted(files), desc=archive.name, unit="file", disable=None):
                # Only the file name, because a path in the archive could lead outside the target folders.
                name = PurePosixPath(member.name).name
                table = name.endswith(TABLE)
                target = tables / f"{archive.name.partition('.')[0]}_{name}" if table else recordings / name
                if target.exists():
                    raise InputFaults([f"{archive}: holds {name} a second time, or another archive also holds it"])
                with files.extractfile(member) as source, target.open("xb") as file:
                    copyfileobj(source, file)
                written.append(target)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputFaults(
            [f"{archive}: is not a complete .tar.gz archive ({error}); remove it and fetch it again"]
        ) from None
    found = {suffix: [path for path in written if path.name.endswith(suffix)] for suffix in (TABLE, RECORDING)}
    refuse(
        f"{archive}: holds no {suffix} file, so it is not the expected archive; see "
        "https://github.com/orcasound/orcadata/wiki/Pod.Cast-data-archive for changes to it"
        for suffix, paths in found.items()
        if not paths
    )
    return found[TABLE], [path.name for path in found[RECORDING]]


def wanted(files: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the tables and recordings, without the extra files that macOS adds (`._train.tsv`)."""
    for member in files:
        name = PurePosixPath(member.name).name
        if member.isfile() and not name.startswith(".") and name.endswith((TABLE, RECORDING)):
            yield member
