"""`python -m training import FILE`: what is understood of a recording, and its plain form."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from project.errors import UserError
from project.profile import Profile
from training import wishes

if TYPE_CHECKING:
    from training.recordings import Recording

LISTED = 5  # rows that were left out, one by one


def run(profile: Profile, options: argparse.Namespace) -> None:
    """Reads the file, says what was understood, writes the plain form where `--out` names it."""
    from training import recordings

    recording = recordings.read(options.file, profile, wishes.of_options(options))
    if options.out is not None:
        if options.out.exists() and options.out.samefile(options.file):
            raise UserError(f"{options.out}: is the file itself; give --out another name")
        recordings.write_plain(recording, profile, options.out)
    if options.json:
        print(json.dumps(recording.summary(), ensure_ascii=False))
        return
    print(f"{options.file}: {recording.sentence()}")
    tell(recording, options.file)
    if options.out is not None:
        print(f"{options.out}: written")
    else:
        print("nothing was written: --out FILE.csv writes it for `program --replay` and training")


def tell(recording: "Recording", path: Path) -> None:
    """What was chosen or put right, and the first rows that were left out."""
    if list(recording.columns) != list(recording.columns.values()):
        named = (f"{channel} from column {column}" for channel, column in recording.columns.items())
        print(f"  {', '.join(named)}")
    for note in recording.notes:
        print(f"  {note}")
    for bad in recording.malformed[:LISTED]:
        detail = f": {bad.detail}" if bad.detail else ""
        print(f"  {path.name}, line {bad.line}: {bad.reason}{detail}")
    more = sum(recording.left_out.values()) - LISTED
    if more > 0:
        print(f"  and {more:,} more row{'s' * (more > 1)}")
