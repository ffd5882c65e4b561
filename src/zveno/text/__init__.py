"""What a person reads, in Russian, Kazakh and English.

The English sentence is the key (as usual with gettext), marked with ``tr`` of :mod:`zveno.text.mark`; ``ru.po``
and ``kk.po`` hold the translations, and :mod:`zveno.text.catalogue` reads them.
"""
