"""What a person reads, in Russian, Kazakh and English.

The English sentence is the key (as usual with gettext); ``ru.po`` and ``kk.po`` hold the translations.
"""

from zveno.text.catalogue import LANGUAGES, Catalogue, catalogue, title_in

__all__ = ["LANGUAGES", "Catalogue", "catalogue", "title_in"]
