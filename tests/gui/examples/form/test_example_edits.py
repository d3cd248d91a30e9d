from tunedesk.gui.examples.form.example_edits import LONGEST_STEP_S, PAUSE_S, TypingSteps


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_typing_in_one_field_is_one_step():
    clock = Clock()
    steps = TypingSteps(clock)
    first = steps.key("/a")
    clock.now += 1
    assert steps.key("/a") == first


def test_a_pause_another_field_or_leaving_begins_a_step():
    clock = Clock()
    steps = TypingSteps(clock)
    keys = [steps.key("/a")]
    clock.now += PAUSE_S + 1
    keys.append(steps.key("/a"))
    keys.append(steps.key("/b"))
    steps.end()
    keys.append(steps.key("/b"))
    assert len(set(keys)) == 4


def test_who_types_on_and_on_gets_a_step_now_and_then():
    clock = Clock()
    steps = TypingSteps(clock)
    keys = set()
    for _second in range(int(2.5 * LONGEST_STEP_S)):
        keys.add(steps.key("/a"))
        clock.now += 1
    assert len(keys) == 3


def test_keys_differ_from_run_to_run():
    assert TypingSteps().key("/a") != TypingSteps().key("/a")
