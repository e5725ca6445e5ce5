"""Bundles fetched from where others put them."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from trmbench.errors import TrmbenchError
from trmbench.store.bundles import ARCHIVE, INDEX, index_of, is_bundle

HUB = "hf:"
_SECONDS = 60.0


def fetch(source: str, folder: Path) -> Path:
    """Get a bundle onto this machine, and return where it is.

    Args:
        source: a bundle or a file of one, its URL, or hf:OWNER/NAME, a data set of the Hugging
            Face hub with the files of a bundle.
        folder: where what is downloaded goes.

    Raises:
        TrmbenchError: there is no bundle, or it cannot be reached.
    """
    if source.startswith(HUB):
        return _from_hub(source.removeprefix(HUB))
    if "://" in source:
        return _from_url(source.rstrip("/"), folder)
    path = Path(source)
    if not is_bundle(path):
        raise TrmbenchError(
            f"{source} is no bundle", "`trmbench publish RESULTS -o BUNDLE` makes one"
        )
    return path


def name_of(source: str) -> str:
    """Name a bundle after the last part of where it is from."""
    rest = source.removeprefix(HUB)
    path = urlsplit(rest).path if "://" in rest else str(Path(rest).absolute())
    return Path(path).name.removesuffix(ARCHIVE) or "bundle"


def _from_hub(repository: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # its retries are no news; its failure becomes one line
    patterns = [INDEX, f"*{ARCHIVE}"]
    try:
        found = Path(snapshot_download(repository, repo_type="dataset", allow_patterns=patterns))
    except Exception as error:  # the client's errors have changed base class between versions
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TrmbenchError(
            f"{HUB}{repository} cannot be downloaded: {reason}", "check its name and the network"
        ) from error
    if not is_bundle(found):
        raise TrmbenchError(f"{HUB}{repository} holds no {INDEX}", "it is no bundle of trmbench")
    return found


def _from_url(url: str, folder: Path) -> Path:
    if urlsplit(url).scheme not in ("http", "https"):
        raise TrmbenchError(f"{url} is no http(s) address", "or name a folder, or hf:OWNER/NAME")
    name = Path(urlsplit(url).path).name
    if name.endswith(ARCHIVE):
        return _download(url, folder / name)
    _download(f"{url}/{INDEX}", folder / INDEX)
    for file in index_of((folder / INDEX).read_bytes(), url).files:
        _download(f"{url}/{file}", folder / file)
    return folder


def _download(url: str, path: Path) -> Path:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer, path.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise TrmbenchError(f"cannot download {url}: {reason}", "check it in a browser") from error
    return path
