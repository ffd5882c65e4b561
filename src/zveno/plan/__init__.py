"""What should the chain make: blends, plans, schedules."""

from zveno.plan.horizon.check import Broken, Verdict, check
from zveno.plan.horizon.decisions import Decisions
from zveno.plan.horizon.elastic import Relaxed, smallest_relaxation
from zveno.plan.horizon.engine import HorizonPlan, PlanTerms, plan
from zveno.plan.horizon.mixed import MixedPlan, improve
from zveno.plan.horizon.replan import Event, Replanned, binding, clip, replan
from zveno.plan.pooling.engine import Blend, BlendFlow, blend
from zveno.plan.pooling.solve import Terms
from zveno.plan.shop.makespan import ShopPlan, shortest

__all__ = [
    "Blend",
    "BlendFlow",
    "Broken",
    "Decisions",
    "Event",
    "HorizonPlan",
    "MixedPlan",
    "PlanTerms",
    "Relaxed",
    "Replanned",
    "ShopPlan",
    "Terms",
    "Verdict",
    "binding",
    "blend",
    "check",
    "clip",
    "improve",
    "plan",
    "replan",
    "shortest",
    "smallest_relaxation",
]
