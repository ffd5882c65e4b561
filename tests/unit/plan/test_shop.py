"""Job shops small enough to be seen through, and solvers side by side."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zveno.model.jobshop import JobShop
from zveno.plan import shortest
from zveno.plan.shop.makespan import faults_of


def test_two_jobs_that_want_the_same_machines():
    shop = JobShop("two", 2, (((0, 3), (1, 2)), ((0, 2), (1, 4))))
    found = shortest(shop, 10)
    assert (found.status, found.makespan, found.bound) == ("optimal", 8, 8)  # the second job first: 2 + 4 + 2
    assert faults_of(shop, found.start) == []


def test_the_check_sees_an_overlap_and_a_wrong_order():
    shop = JobShop("two", 2, (((0, 3), (1, 2)), ((0, 2), (1, 4))))
    assert faults_of(shop, ((0, 3), (2, 5))) == ["jobs[1][0]"]
    assert faults_of(shop, ((0, 2), (3, 5))) == ["jobs[0][1]"]


@pytest.mark.parametrize("first", ["highspy", "ortools.sat.python.cp_model"])
def test_both_solvers_live_in_one_process(first):
    second = {"highspy": "ortools.sat.python.cp_model"}.get(first, "highspy")
    script = (
        f"import {first}, {second}\n"
        "from zveno.plan import shortest, plan\n"
        "from zveno.model.jobshop import JobShop\n"
        "from tests.unit.plan.small_chain import problem\n"
        "print(shortest(JobShop('x', 1, (((0, 2),),)), 5).makespan, plan(problem()).status)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "optimal"]
