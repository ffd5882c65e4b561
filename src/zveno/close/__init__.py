"""Close: the month as books: both balances, stocks, whose metal it is."""

from zveno.close.books import Books, Carried, books_of

__all__ = ["Books", "Carried", "books_of"]
