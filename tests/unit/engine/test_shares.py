"""What images pay for shared work."""

import pytest

from server.engine.requests import Finished
from tests.support.simulation import Machine, images


def finished(machine: Machine) -> dict[str, Finished]:
    found: dict[str, Finished] = {}
    while not machine.plans or not machine.plans[-1].empty:
        found |= {f"{e.job_id}-{e.index + 1}": e for e in machine.turn() if isinstance(e, Finished)}
    return found


def test_an_encoded_source_is_paid_by_the_images_that_wait_for_it():
    machine = Machine(decode_s=0.6)
    machine.add(images("a", "ip:a", count=2, steps=4, strength=0.5, upscaler="net"))
    made = finished(machine)
    # three pieces of 0.6 s, shared by two images
    assert {key: event.times.prepare_s for key, event in made.items()} == pytest.approx({"a-1": 0.9, "a-2": 0.9})


def test_a_second_pass_is_prepared_for_its_own_image():
    machine = Machine(decode_s=0.5)
    machine.add(images("a", "ip:a", steps=4, hires=True) + images("b", "ip:b", steps=4))
    made = finished(machine)
    assert {key: event.times.prepare_s for key, event in made.items()} == pytest.approx({"a-1": 1.0, "b-1": 0.0})


def test_all_seconds_of_the_machine_are_some_image_s():
    machine = Machine(fixed_s=0.02, row_s=0.03, decode_s=0.4)
    machine.add(images("a", "ip:a", count=3, steps=5, hires=True) + images("b", "ip:b", guidance=1.0, steps=7))
    machine.add(images("c", "ip:c", count=2, steps=6, strength=0.5))
    times = [event.times for event in finished(machine).values()]
    total_s = sum(t.begin_s + t.step_share_s + t.prepare_s + t.decode_s for t in times)
    assert len(times) == 6
    assert total_s == pytest.approx(machine.now_s)
