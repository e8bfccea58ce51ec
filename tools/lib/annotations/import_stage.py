"""The stage that makes the clips of an imported data set, in `data/<name>/dvc.yaml`."""

import sys
from pathlib import Path

from stages.lib.whole import write_text

FILE = "dvc.yaml"
REPOSITORY = Path(__file__).resolve().parents[3]
OURS = ("__main__", "stages", "tools")
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
{modules}
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
    """Write dvc.yaml, unless it is there as it should be. Call it when the import has done its work."""
    text = STAGE.format(name=folder.name, modules="\n".join(f"      - {module}" for module in modules()))
    path = folder / FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def modules() -> list[str]:
    """Return the modules of the project that have been imported, as paths within the repository."""
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in OURS]
    files = {Path(module.__file__).resolve() for module in ours if getattr(module, "__file__", None)}
    return sorted(file.relative_to(REPOSITORY).as_posix() for file in files)
