"""Run every stage on an emulated processor and compare each byte: `python -m experiments.emulate Haswell`.

QEMU computes reciprocals and the like exactly, where every maker's processors approximate them in their own way, and
shows other caches; so what agrees with it does not depend on the maker. It needs Debian's `qemu-user` and, with the
small params of the tests, about a quarter of an hour.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from experiments.clone import clone, make_small, output_digests, repro, run_in

MODULES = [
    "data.synthetic.synthesize",
    *(f"stages.{stage}" for stage in ("featurize", "split", "train", "score_pool")),
    *(f"stages.{stage}" for stage in ("merge_labels", "retrain", "evaluate")),
]


def remove_outputs(folder: Path) -> None:
    """Remove what the stages of a clone have written."""
    for name in output_digests(folder):
        (folder / name).unlink()


def main() -> None:
    """Run the small pipeline on this processor, then on the emulated one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("processor", help="a name that `qemu-x86_64 -cpu help` lists, with AVX2 and FMA")
    processor = parser.parse_args().processor
    with tempfile.TemporaryDirectory() as parent:
        native = clone(Path(parent) / "native")
        make_small(native)
        repro(native)
        expected = output_digests(native)
        emulated = Path(shutil.copytree(native, Path(parent) / "emulated", symlinks=True))
        remove_outputs(emulated)
        for module in MODULES:
            # On one core no worker processes are started, which would leave the emulation.
            command = ("taskset", "--cpu-list", "0", "qemu-x86_64", "-cpu", processor, sys.executable, "-m", module)
            result = run_in(emulated, *command)
            if result.returncode:
                sys.exit(f"{module} failed under emulation:\n{result.stderr}")
            written = output_digests(emulated)
            different = [name for name, digest in written.items() if expected.get(name) != digest]
            print(f"{module}: {', '.join(different) or 'every byte is the same'}", flush=True)


if __name__ == "__main__":
    main()
