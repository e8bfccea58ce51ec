"""Fetch one archive from S3, without an account: `python -m data.orcasound.fetch NAME`."""

import argparse
from pathlib import Path

from data.orcasound.settings import FOLDER, Archives, archive_path, read_settings
from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.running import run_stage


def fetch(bucket: str, key: str, target: Path) -> None:
    """Download an object to a file atomically, with a progress bar on a terminal."""
    import s3fs
    from botocore.exceptions import BotoCoreError
    from fsspec.callbacks import TqdmCallback

    address = f"s3://{bucket}/{key}"
    progress = TqdmCallback(tqdm_kwargs={"desc": target.name, "unit": "B", "unit_scale": True, "disable": None})
    with atomic_write(target) as unfinished:
        try:
            # Credentials and cached listings of this machine are not used.
            bucket_files = s3fs.S3FileSystem(anon=True, use_listings_cache=False)
            size = bucket_files.size(f"{bucket}/{key}")
            bucket_files.get_file(f"{bucket}/{key}", str(unfinished), callback=progress)
        except FileNotFoundError:
            raise InputFaults(
                [f"{address}: this archive does not exist (any more); find it and correct {FOLDER / 'params.yaml'}"]
            ) from None
        except PermissionError as error:
            raise InputFaults([f"{address}: is not public (any more) ({error})"]) from None
        except BotoCoreError as error:
            raise InputFaults(
                [f"{address}: cannot be reached ({error}); check the network, then run it again"]
            ) from None
        if unfinished.stat().st_size != size:
            raise InputFaults([f"{address}: {unfinished.stat().st_size} of {size} bytes arrived; run it again"])


def main() -> None:
    """Fetch the archive named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m data.orcasound.fetch", description=__doc__)
    parser.add_argument("name", choices=list(Archives.model_fields), help="name of the archive, as in params.yaml")
    name = parser.parse_args().name
    settings = read_settings()
    fetch(settings.bucket, getattr(settings.archives, name), archive_path(name))


if __name__ == "__main__":
    run_stage(main)
