"""Start a part of a Dask cluster with the code, libraries and settings of this checkout.

`make scheduler` and `make worker` run this module. It takes the arguments of the command `dask`.
"""

from stages.lib.cluster.setup import source_files

# Each worker is a separate process that imports this module first. So libraries are pinned before they load, and the
# source files are hashed before they can change.
source_files()


def main() -> None:
    """Run the command `dask`."""
    import dask
    from dask.cli import run_cli

    # By default, Dask makes workers return freed memory at once, so each clip would have to request it again.
    dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None})
    run_cli()


if __name__ == "__main__":
    main()
