"""Marking of sentences for the catalogues; light, so that the command line can use it at once."""

LANGUAGES = ("en", "ru", "kk")


def tr(message: str) -> str:
    """Mark a sentence for the catalogues without translating it yet."""
    return message
