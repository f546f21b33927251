"""Where the modules that are still here look for it."""

from project.errors import UserError as UserError
