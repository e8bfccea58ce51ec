"""The stage that makes the clips of an imported data set, in `data/<name>/dvc.yaml`."""

from pathlib import Path

from stages.lib.whole import write_text

FILE = "dvc.yaml"
# The code is declared as a folder, not module by module: the file belongs to the data set, and has to hold when modules
# of the project come and go.
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
      - tools/import_annotations.py
      - tools/lib/annotations
    params:
      - featurize.clip_s
      - data/{name}/params.yaml:
          - seed
          - gap_s
          - nocalls_per_call
          - labels
    outs:
      - data/{name}/clips.csv:
          cache: false
          persist: true
      - data/{name}/import.csv:
          cache: false
          persist: true
"""


def write_stage(folder: Path) -> None:
    """Write dvc.yaml, unless it is there as it should be."""
    text = STAGE.format(name=folder.name)
    path = folder / FILE
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
