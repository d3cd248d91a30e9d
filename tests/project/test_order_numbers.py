"""The number of an example in a project of thousands, kept right while rows come and go."""

import random

from tests.project.made_examples import add, new_example


def check(project):
    ids = list(project.ids())
    chance = random.Random(len(ids))
    places = sorted([*chance.sample(range(len(ids)), min(60, len(ids))), 0, len(ids) - 1])
    assert [row.number for row in project.rows([ids[place] for place in places])] == [
        place + 1 for place in places
    ]
    for place in places[::10]:
        assert project.number_of(ids[place]) == place + 1
        assert project.id_at(place + 1) == ids[place]
    assert project.id_at(len(ids) + 1) is None
    assert project.id_at(0) is None


def test_numbers_stay_right(project):
    assert project.id_at(1) is None
    ids = project.add_examples([new_example(str(number)) for number in range(2000)])
    check(project)
    project.delete(ids[100:400])
    check(project)
    with project.handle() as handle:
        project.move(ids[1500:1600], ids[0])
        check(handle)
        add(handle, "new", after_id=ids[50])
        check(project)
        handle.undo()
        handle.undo()
        check(project)
        project.undo()
        check(handle)
        project.redo()
        project.duplicate(ids[1000:1300])
        check(handle)
        project.add_examples([new_example("x")] * 600)
        check(handle)
    assert project.number_of(ids[100]) is None
