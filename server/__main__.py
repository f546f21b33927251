"""`python -m server`: see server/options.py, or --help."""

import sys

from project import commands, terminal
from project.errors import UserError


def main(arguments: list[str]) -> int:
    """The exit status."""
    try:
        # Not above: where a package is missing, that is to be a sentence.
        from server import options, tasks

        return tasks.carry_out(options.parse(arguments))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("project", "training", "server"):
            raise
        sentence = f"the server's packages are missing ({error.name}): run "
        print(f"Error: {sentence}{commands.piow('--install', 'server')}", file=sys.stderr)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    terminal.make_lenient()
    sys.exit(main(sys.argv[1:]))
