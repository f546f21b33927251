"""The one exception that is meant for a user."""


class UserError(Exception):
    """One sentence: what is wrong, where (file and line or key), and what to do about it."""
