"""What `make fresh` says before it begins. The rest needs root, the network and ten minutes: run it by hand."""

import os
import shutil
import subprocess

from experiments.clone import REPOSITORY


def test_what_it_needs_is_said_first(tmp_path):
    for name in ("dirname", "id"):
        (tmp_path / name).symlink_to(shutil.which(name))
    command = [shutil.which("bash"), REPOSITORY / "experiments" / "fresh.sh"]
    result = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    missing = "debootstrap is missing: apt-get install debootstrap\n"
    told = missing if os.geteuid() == 0 else "make fresh needs root: sudo make fresh\n"
    assert (result.returncode, result.stderr, result.stdout) == (1, told, "")
