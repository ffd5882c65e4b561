"""What a signature can mean, and who may give it."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.text.catalogue import catalogue
from zveno.text.mark import LANGUAGES, tr

REGISTRAR = "registrar"
ROLES = {
    REGISTRAR: tr("keeper of the register of persons"),
    "accountant": tr("metal accountant"),
    "chief_accountant": tr("chief metal accountant"),
    "metallurgist": tr("chief metallurgist"),
    "metrologist": tr("metrologist"),
    "laboratory": tr("head of laboratory"),
    "foreman": tr("shift foreman"),
    "auditor": tr("auditor"),
    # of the plants, by day and on shift
    "operator": tr("operator on shift"),
    "technologist": tr("technologist"),
    "head": tr("head of a plant"),
    "safety": tr("safety engineer"),
    "chief_engineer": tr("chief engineer"),
}
"""Roles that carry authority, with their words."""

_ACCOUNTANTS = ("accountant", "chief_accountant")
_STAFF = (*_ACCOUNTANTS, "metallurgist", "metrologist", "laboratory", "foreman")
_PLANT = ("technologist", "head", "safety", "chief_engineer", "metallurgist")
_ON_DUTY = ("operator", *_STAFF, *(one for one in _PLANT if one not in _STAFF))


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    Parameters
    ----------
    meaning
        What a person says by signing it; the key of its translations.
    roles
        Roles that may sign it.
    """

    meaning: str
    roles: tuple[str, ...]


KINDS = {
    "person_added": Kind(tr("I enter this person and key in the register"), (REGISTRAR,)),
    "person_amended": Kind(tr("I change what this person may do"), (REGISTRAR,)),
    "key_replaced": Kind(tr("this key takes the place of the former one"), tuple(ROLES)),
    "key_revoked": Kind(tr("this key is no longer to be trusted"), tuple(ROLES)),
    "imported": Kind(tr("I have read these files into the store"), _STAFF),
    "mapping_approved": Kind(tr("I have checked that this mapping reads the workbook rightly"), _STAFF),
    "adjusted": Kind(tr("I propose this adjustment"), _STAFF),
    "adjustment_approved": Kind(tr("I have checked this adjustment and approve it"), _ACCOUNTANTS),
    "adjustment_refused": Kind(tr("I have checked this adjustment and do not approve it"), _STAFF),
    "authorised": Kind(tr("I authorise this for the period"), ("chief_accountant", "metallurgist", "metrologist")),
    "stock_taken": Kind(tr("I have measured these stocks"), _STAFF),
    "provisional": Kind(tr("I have drawn up this balance"), _ACCOUNTANTS),
    "closed": Kind(tr("I have checked this balance and close the period"), ("chief_accountant",)),
    "restated": Kind(tr("I put this version in place of the closed one, for the reason given"), _ACCOUNTANTS),
    "restatement_approved": Kind(tr("I have checked this restatement and approve it"), ("chief_accountant",)),
    "investigation_opened": Kind(tr("I ask for this to be looked into"), (*_STAFF, "auditor")),
    "investigation_noted": Kind(tr("I add this to what is looked into"), (*_STAFF, "auditor")),
    "investigation_closed": Kind(tr("I have looked into this and accept the outcome"), _STAFF),
    "archived": Kind(tr("I hand over these files as they stand in the books"), (*_ACCOUNTANTS, REGISTRAR)),
    "examined": Kind(tr("I have examined this"), (*_STAFF, "auditor")),
    # breaches, and what follows from them
    "breaches_entered": Kind(tr("I enter what the rules found in these readings"), _ON_DUTY),
    "breach_notified": Kind(tr("I have told this person of the breach"), ("foreman", *_PLANT)),
    "breach_acknowledged": Kind(tr("I know of this breach"), _ON_DUTY),
    "breach_replied": Kind(tr("this is my reply to the breach"), _ON_DUTY),
    "breach_cause": Kind(tr("I have looked into this breach and confirm its cause"), _PLANT),
    "breach_appealed": Kind(tr("I do not agree with this cause and ask for another decision"), _ON_DUTY),
    "breach_decided": Kind(tr("I have looked into the appeal and decide on it"), ("head", "safety", "chief_engineer")),
    "breach_action": Kind(tr("I order this action"), ("foreman", *_PLANT)),
    "breach_action_done": Kind(tr("I have done what was ordered"), _ON_DUTY),
    "breach_closed": Kind(tr("I have checked this breach and what was done, and close it"), _PLANT),
    "breach_voided": Kind(tr("the instrument was at fault: this breach does not count"), (*_PLANT, "metrologist")),
    "breach_reopened": Kind(tr("what voided this breach no longer holds: it counts again"), (*_PLANT, "metrologist")),
    "shift_left": Kind(tr("I hand over the shift as it is stated here"), _ON_DUTY),
    "shift_taken": Kind(tr("I have read what is handed over and take over the shift"), _ON_DUTY),
    "order_given": Kind(tr("I order this until the day given"), ("foreman", *_PLANT)),
    "order_read": Kind(tr("I have read this order with my shift"), _ON_DUTY),
    "order_ended": Kind(tr("I end this order"), ("foreman", *_PLANT)),
    "alarm_shelved": Kind(tr("I shelve this alarm for the reason and the time given"), ("foreman", *_PLANT)),
    "alarm_unshelved": Kind(tr("I put this alarm back in force"), ("foreman", *_PLANT)),
    "persons_compared": Kind(tr("I look at breaches by person, for the reason given"), _PLANT),
}
"""Every kind of record; a room above enters its own by a line here."""


def meaning_of(kind: str) -> dict[str, str]:
    """The words of a kind in every language, as a signature carries them.

    Examples
    --------
    >>> meaning_of("closed")["en"]
    'I have checked this balance and close the period'
    """
    return {lang: catalogue(lang)(KINDS[kind].meaning) for lang in LANGUAGES}
