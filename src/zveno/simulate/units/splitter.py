"""Splitter: one stream divided into up to six of the same make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.units.unit import Spec, UnitModel, Values, column
from zveno.text.mark import tr

_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Splitter(UnitModel):
    """Fixed shares to the outlets b to f; outlet a takes the rest.

    Examples
    --------
    >>> import numpy as np
    >>> from zveno.simulate.basis import basis_of
    >>> ore = basis_of([("quartz", "non")], sg=[2.65], k_per_min=[0.0], groups=["gangue"])
    >>> Splitter(share_b=0.25).run(np.array([8.0, 4.0]), ore)["b"]
    array([[2., 1.]])
    """

    outlets: ClassVar = ("a", "b", "c", "d", "e", "f")
    optional: ClassVar = ("c", "d", "e", "f")

    share_b: Annotated[Values, Spec("frac", "share of outlet b", high=1.0)]
    share_c: Annotated[Values, Spec("frac", "share of outlet c", high=1.0)] = 0.0
    share_d: Annotated[Values, Spec("frac", "share of outlet d", high=1.0)] = 0.0
    share_e: Annotated[Values, Spec("frac", "share of outlet e", high=1.0)] = 0.0
    share_f: Annotated[Values, Spec("frac", "share of outlet f", high=1.0)] = 0.0

    def split(self, drivers: Floats, basis: Basis) -> Floats:  # noqa: ARG002
        """The same shares for all components."""
        rest = self._shares()
        shares = np.concatenate([np.maximum(1 - rest.sum(axis=1, keepdims=True), 0), rest], axis=1)
        shares = shares / shares.sum(axis=1, keepdims=True)
        return np.repeat(shares[:, :, None], len(basis), axis=2)

    def conflict(self) -> str:
        """Shares add up to more than one."""
        over = self._shares().sum(axis=1) > 1 + _ROUNDING
        return tr("unit '{unit}': the shares of the outlets add up to more than 1") if over.any() else ""

    def flows_at(self, outlet: str) -> bool:
        """An outlet whose share is zero is shut."""
        return outlet == "a" or bool(np.any(getattr(self, f"share_{outlet}")))

    def _shares(self) -> Floats:
        """Shares of the outlets b to f, shape (S or 1, 5)."""
        given = (self.share_b, self.share_c, self.share_d, self.share_e, self.share_f)
        return np.concatenate(np.broadcast_arrays(*(column(one) for one in given)), axis=1)
