"""Start a part of a Dask cluster with the code, libraries and settings of this checkout.

`make scheduler` and `make worker` run it. It takes the arguments of the command `dask`.
"""

from stages.lib.cluster.setup import source_files

# Each worker is a process of its own, which imports this module before anything else. So the settings come before the
# libraries, and the source files are known as they were then.
source_files()


def main() -> None:
    """Be the command `dask`."""
    import dask
    from dask.cli import run_cli

    # Dask lets workers return freed memory at once. Then each clip would ask the system for its memory again.
    dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None})
    run_cli()


if __name__ == "__main__":
    main()
