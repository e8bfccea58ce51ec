"""The stage that makes the clips of an imported data set, in `data/<name>/dvc.yaml`."""

from pathlib import Path

from stages.lib.cache.sources import REPOSITORY, sources_of
from stages.lib.runtime.atomic_write import write_text

FILE = "dvc.yaml"
COMMAND = REPOSITORY / "tools" / "import_annotations.py"
STAGE = """\
stages:
  import:
    desc: Make the clips of this data set from its annotations
    wdir: ../..
    cmd: python -m tools.import_annotations {name}
    deps:
      - data/{name}/annotations
      - data/{name}/recordings
      - data/{name}/recordings.csv
      - data/{name}/windows.csv
      - labels/held_out.csv
{code}
    params:
      - featurize.channel
      - featurize.clip_s
      - data/{name}/params.yaml:
          - seed
          - gap_s
          - nocalls_per_call
          - labels
          - words
    outs:
      - data/{name}/clips.csv:
          cache: false
          persist: true
      - data/{name}/import.csv:
          cache: false
          persist: true
"""


def write_stage(folder: Path) -> None:
    """Write dvc.yaml unless it is up to date. Call this after the import."""
    text = STAGE.format(name=folder.name, code="\n".join(f"      - {path}" for path in code()))
    path = folder / FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def code() -> list[str]:
    """Return the rooms (folders of `lib`) and single modules that the import uses, as paths in the repository."""
    files = [source.relative_to(REPOSITORY) for source in sources_of(COMMAND)]
    return sorted({(file.parent if file.parent.parent.name == "lib" else file).as_posix() for file in files})
