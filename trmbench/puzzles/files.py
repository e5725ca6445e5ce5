"""Find the files of a published data set: in a local folder or on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.puzzles.options import FILES, PuzzleOptions
from trmbench.puzzles.reader import PuzzleFormat, read_puzzles
from trmbench.puzzles.splits import Puzzles


def published_puzzles(
    options: PuzzleOptions, repo_id: str, layout: PuzzleFormat
) -> tuple[Puzzles, Puzzles, str]:
    """Training puzzles, test puzzles and their source, from `task.path` or from the hub.

    Where the options name a number of puzzles, so many are drawn with the data seed.

    Raises:
        TrmbenchError: a file is missing, cannot be downloaded or has bad content.
    """
    if options.path:
        folder = Path(options.path).expanduser()
        paths = [folder / name for name in FILES]
        source = str(folder)
    else:
        hint = f"get {' and '.join(FILES)} elsewhere and use --set task.path=DIR"
        paths = [hub_file(repo_id, name, hint) for name in FILES]
        source = f"{repo_id}, revision {paths[0].parent.name[:12]}"
    counts = (options.train_puzzles, options.test_puzzles)
    train, test = (
        read_puzzles(path, layout, count, options.data_seed)
        for path, count in zip(paths, counts, strict=True)
    )
    return train, test, source


def hub_file(repo_id: str, filename: str, hint: str) -> Path:
    """The file of a data set of the hub in its local cache, fetched when it is not there yet.

    Args:
        repo_id: the data set, such as "owner/name".
        filename: the file.
        hint: what to do where it cannot be downloaded.

    Raises:
        TrmbenchError: it cannot be downloaded.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # its retries are no news; its failure becomes one line
    try:
        return Path(hf_hub_download(repo_id, filename, repo_type="dataset"))
    except Exception as error:  # the client's errors have changed base class between versions
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise TrmbenchError(
            f"{filename} of {repo_id} cannot be downloaded: {reason}",
            hint,
        ) from error
