"""How copper sulphides lose floatability on their way through a grinding circuit."""

from __future__ import annotations

import numpy as np

from zveno.simulate.basis import Basis, Floats
from zveno.simulate.moves import Moves
from zveno.simulate.units.unit import Values, moves, vector


def lose_fast(basis: Basis, loss: Floats, circulating_load: Values) -> Moves | None:
    """Conversion in which copper sulphides lose a share of their fast class to the non-floating one.

    ``loss`` (S or 1,) is meant for the product of the closed circuit. Grains pass 1 + L times on the mean, where
    L is the circulating load, so one pass takes loss / (1 + (1 - loss) L). None if nothing is lost.
    """
    if not np.any(loss):
        return None
    loss = np.clip(loss, 0, 1)
    per_pass = loss / (1 + (1 - loss) * vector(circulating_load))
    return moves(basis, ("fast", "non", per_pass[:, None] * basis.among("cu_sulphide")))
