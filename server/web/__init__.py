"""The pages in a browser: `app(store, commands)` is the whole site."""

from server.web.site import app

__all__ = ["app"]
