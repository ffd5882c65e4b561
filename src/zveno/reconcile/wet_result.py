"""The solution of a network with wet masses and moistures, by names."""

from __future__ import annotations

from dataclasses import dataclass

from zveno.model.network import MOISTURE, WATER
from zveno.reconcile.moisture import wet_streams
from zveno.reconcile.result import Known, NetworkResult


@dataclass(frozen=True)
class WetResult(NetworkResult):
    """The result of a network with wet masses and moistures, which it tells as well."""

    def _quantity(self, stream: str, quantity: str) -> Known:
        """A mass, assay, wet mass or moisture with its standard deviation."""
        if quantity not in WATER:
            return super()._quantity(stream, quantity)
        streams = [one.stream for one in wet_streams(self.network)]
        if stream not in streams:
            return None, None
        at = self.fit.problem.n_quantities + streams.index(stream) + (len(streams) if quantity == MOISTURE else 0)
        slopes = self.fit.linear.slopes[at]
        if not self.fit.linear.observable(slopes):
            return None, None
        return float(self.fit.assay[at - self.fit.problem.n_streams]), self.fit.linear.sd(slopes)

    def quantities(self, stream: str) -> tuple[str, ...]:
        """Mass and the components that a stream carries, wet mass and moisture where any of them is read or known."""
        usual = super().quantities(stream)
        return (*usual, *WATER) if stream in {one.stream for one in wet_streams(self.network)} else usual
