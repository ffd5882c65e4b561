"""Close: the month as books: whose metal it is."""

from zveno.close.owners import OwnerBooks, owner_books

__all__ = ["OwnerBooks", "owner_books"]
