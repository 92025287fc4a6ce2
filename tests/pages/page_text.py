"""What stands on a page, as text."""

from __future__ import annotations


def said(app) -> str:
    """Its errors."""
    return " ".join(error.value for error in app.error).replace("\\", "")


def noticed(app) -> str:
    """What it has to be known of an upload."""
    return " ".join(info.value for info in app.info).replace("\\", "")


def shown(app) -> str:
    """What it draws in HTML of its own."""
    return " ".join(html.value for html in app.html)


def progress(app) -> str:
    """What stands at the progress bar."""
    return app.get("progress")[0].proto.text.replace("\\", "")
