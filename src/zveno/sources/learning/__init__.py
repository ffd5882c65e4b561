"""A mapping proposed for a layout never seen before: what is understood is shown, what is not sure is asked."""

from zveno.sources.learning.found import LearntColumn, LearntRow, LearntTable
from zveno.sources.learning.learn import Learnt, learn

__all__ = ["Learnt", "LearntColumn", "LearntRow", "LearntTable", "learn"]
