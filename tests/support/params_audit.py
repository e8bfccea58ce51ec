"""Which params a stage reads: `python -m tests.support.params_audit MODULE FILE` lists their keys in FILE.

What is read while the params are checked does not count, nor what only goes into a dump of all of them, because neither
has an effect on the results. Run it on one core, so that joblib starts no process in which params would be read unseen.
"""

import json
import runpy
import sys
from pathlib import Path

from stages.lib.runtime import params


def watched(section: params.Section, place: tuple[str, ...], keys: set[str]) -> params.Section:
    """Turn a section into the same that adds the key of every field that is read of it to `keys`.

    Parameters
    ----------
    section : Section
    place : tuple of str
        Where it stands in its file; keys begin with it.
    keys : set of str
    """
    kind = type(section)

    class Watched(kind):
        def __getattribute__(self, name):
            value = super().__getattribute__(name)
            if name not in kind.model_fields:
                return value
            if isinstance(value, params.Section):
                return watched(value, (*place, name), keys)
            keys.add(".".join([*place, name]))
            return value

    # Changed in place, so that nothing is validated or copied again.
    object.__setattr__(section, "__class__", Watched)
    return section


def main(module: str, output: str) -> None:
    """Run a module as a stage and write the keys that it reads."""
    keys: set[str] = set()
    checked = params.checked
    # Every way to read params ends in this function.
    params.checked = lambda values, place, *rest: watched(checked(values, place, *rest), place, keys)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    Path(output).write_text(json.dumps(sorted(keys)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
