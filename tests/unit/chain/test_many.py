"""Many cases over processes: the same numbers however the work is shared, and errors that name the case."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from tests.depth import deep

from zveno.chain import Cases, example, load
from zveno.chain.many import PART, processors, simulate_many
from zveno.errors import DataError, ModelError, Phrase, SolveError, fault

SMALL = 20
RESULTS = ("recovery.Cu:balk.conc", "balk.conc:grade.Cu")


@pytest.fixture(scope="module")
def chain():
    return load(example("one_concentrator"))


@pytest.fixture(scope="module")
def cases() -> Cases:
    rng = np.random.default_rng(4)
    count = 2 * SMALL + 3
    return Cases(tuple(f"s{n}" for n in range(count)), {"balk_conc.ore.cu_pct": rng.uniform(0.8, 1.2, count)})


def test_one_process_and_two_give_the_same_numbers(chain, cases):
    one = simulate_many(chain.model, cases, RESULTS, processes=1, part=SMALL)
    two = simulate_many(chain.model, cases, RESULTS, processes=2, part=SMALL)
    assert np.array_equal(one.values, two.values)
    assert one.uoms == two.uoms == ("frac", "frac")
    assert two.cases is cases
    assert two.table.height == len(cases)
    assert two.converged.all()


def test_many_are_what_one_batch_gives(chain, cases):
    few = cases.take(slice(SMALL - 3, SMALL + 3))
    found = simulate_many(chain.model, cases, RESULTS, processes=1, part=SMALL).take(slice(SMALL - 3, SMALL + 3))
    assert found.values == pytest.approx(chain.simulate(few).table(RESULTS).select(RESULTS).to_numpy(), rel=1e-12)
    assert found.cases.names == few.names


@pytest.mark.parametrize("processes", [1, deep(2)])
def test_a_case_that_cannot_be_simulated_is_named_also_by_another_process(chain, cases, processes):
    bad = Cases(cases.names, {**cases.values, "balk_conc.line2.rougher.cells": np.full(len(cases), np.nan)})
    bad.values["balk_conc.line2.rougher.cells"][SMALL + 7] = 0.0
    with pytest.raises(ModelError) as caught:
        simulate_many(chain.model, bad, RESULTS, processes=processes, part=SMALL)
    said = str(caught.value)
    assert f"scenario 's{SMALL + 7}' cannot be simulated" in said
    assert "parameter 'cells' is 0" in said
    assert "chain.yaml:" in said


def test_a_wrong_key_is_no_fault_of_one_case(chain):
    with pytest.raises(ModelError) as caught:
        simulate_many(chain.model, {"a": {"balk_conc.ore.cu_pt": 1.0}, "b": {}}, RESULTS)
    assert str(caught.value).startswith("'balk_conc.ore.cu_pt' is neither")


def test_a_wrong_result_is_an_error_of_its_own(chain, cases):
    with pytest.raises(DataError, match=r"did you mean 'balk.conc'"):
        simulate_many(chain.model, cases, ["balk.conk:Cu"], processes=2, part=SMALL)


def test_a_fault_of_the_description_itself_blames_no_case(chain):
    figures = {
        **chain.model.parameters,
        "balk_conc.ore.cu_share.bornite": chain.model.parameters["balk_conc.ore.cu_pct"],
    }
    model = chain.model.model_copy(update={"parameters": figures})
    with pytest.raises(ModelError) as caught:
        simulate_many(model, {"a": {}, "b": {}}, RESULTS)
    assert "scenario" not in str(caught.value)


def test_errors_stay_whole_between_processes():
    error = SolveError([fault("it is in {uom}", "a:1", uom=Phrase("t/h")), fault("a brace: {text}", text="{")])
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is SolveError
    assert other.faults == error.faults
    assert str(other) == str(error)


def test_the_usual_results_are_given_where_none_is_named(chain):
    found = chain.simulate_many({"a": {}}, processes=1)
    assert found.results == ("balk.conc:solids", "balk.conc:grade.Cu", "recovery.Cu:balk.conc/balk.ore")


@pytest.mark.parametrize("processes", [1, deep(2)])
def test_the_same_seed_gives_the_same_spread_in_any_number_of_processes(chain, processes):
    drawn = [chain.draws(PART + 8, 11) for _ in range(2)]
    one = chain.spread(drawn[0], RESULTS, processes=1)
    two = chain.spread(drawn[1], RESULTS, processes=processes)
    assert one.result_spreads.equals(two.result_spreads)
    assert np.array_equal(one.base, two.base)


def test_the_example_spreads_as_its_sensitivities_say(chain):
    first = chain.sensitivities(RESULTS, processes=1)
    spread = chain.spread(chain.draws(256, 1), RESULTS, processes=1)
    for result in RESULTS:
        sd, error = spread.value(result, "sd")
        # first order against all of it: what curvature adds is small in the example
        assert first.first_order_sd(result) == pytest.approx(sd, abs=4 * error + 0.1 * sd)
    assert first.left_out == {}
    assert first.sensitivities.filter(key="balk_conc.grind.p80_um", result=RESULTS[0])["kink"].to_list() == [True]


def test_a_script_that_is_not_guarded_gets_a_message_not_a_standstill(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import zveno\n"
        "from zveno.chain.many import simulate_many\n"
        "chain = zveno.load(zveno.example('one_concentrator'))\n"
        "simulate_many(chain.model, {'a': {}, 'b': {}}, ['balk.conc:Cu'], processes=2, part=1)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "put the calling script under 'if __name__" in done.stderr


def test_there_is_a_processor():
    assert processors() >= 1
