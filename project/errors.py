"""The one exception that is meant for a user."""


class UserError(Exception):
    """One sentence: what is wrong, where (file and line or key), and what to do about it.

    `exit_code` is that of the program which ends with it.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
