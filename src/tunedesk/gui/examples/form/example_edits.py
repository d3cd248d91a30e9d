"""What the form does to the open example: each edit with its name, typing gathered into steps."""

import itertools
import time
from collections.abc import Callable
from typing import Literal

from tunedesk.examples import conversation_edits
from tunedesk.examples.conversation import Message, ToolCall
from tunedesk.examples.json_edit import remove, replace_value, set_member
from tunedesk.examples.json_text import Path, to_pointer
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.project.change_names import ChangeName

PAUSE_S = 4.0
"""After so long without a keystroke the next one begins a new step of undo."""
LONGEST_STEP_S = 20.0
"""Who types on and on still gets a step so often."""


class TypingSteps:
    """Makes the keys under which keystrokes become one step of undo.

    Typing in one field is one step until the user pauses, goes elsewhere or begins a line.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Never a key of an earlier run of the program: those steps are closed.
        self._numbers = itertools.count(time.time_ns())
        self._field = ""
        self._key = ""
        self._last = self._begun = 0.0

    def key(self, field: str) -> str:
        """The key for a keystroke in a field now."""
        now = self._clock()
        paused = now - self._last > PAUSE_S or now - self._begun > LONGEST_STEP_S
        if field != self._field or paused:
            self._field = field
            self._begun = now
            self._key = f"{field}#{next(self._numbers)}"
        self._last = now
        return self._key

    def end(self) -> None:
        """Let the next keystroke begin a new step."""
        self._field = ""


class ExampleEdits:
    """The edits that the cards, the tools and the raw view ask for."""

    def __init__(self, example: OpenExample) -> None:
        self._example = example
        self.steps = TypingSteps()

    @property
    def writable(self) -> bool:
        """Whether the example can be changed at all."""
        return not self._example.read_only

    def write_text(self, message: Message, text: str) -> None:
        """Typing in a message."""
        path: Path = (*message.path, "content")
        if text.count("\n") > message.text.count("\n"):
            self.steps.end()
        if message.content_kind == "string":
            new = replace_value(self._example.text, path, text)
        else:
            new = conversation_edits.set_message_text(self._example.text, message.index, text)
        self._typed(new, path, ChangeName("edit_message", {"number": message.index + 1}))

    def write_part(self, message: Message, number: int, text: str) -> None:
        """Typing in one of the text parts of a message."""
        new = conversation_edits.set_part_text(self._example.text, message.index, number, text)
        path: Path = (*message.path, "content", number)
        self._typed(new, path, ChangeName("edit_message", {"number": message.index + 1}))

    def write_refusal(self, message: Message, text: str) -> None:
        """Typing in a refusal."""
        new = conversation_edits.set_refusal(self._example.text, message.index, text)
        self._typed(
            new,
            (*message.path, "refusal"),
            ChangeName("edit_refusal", {"number": message.index + 1}),
        )

    def write_name(self, message: Message, name: str) -> None:
        """Typing in the name of a speaker."""
        new = conversation_edits.set_name(self._example.text, message.index, name)
        self._typed(
            new,
            (*message.path, "name"),
            ChangeName("edit_name", {"number": message.index + 1}),
        )

    def remove_refusal(self, message: Message) -> None:
        """Take the refusal away."""
        new = conversation_edits.set_refusal(self._example.text, message.index, None)
        self._do(new, "remove_refusal", message.index)

    def set_role(self, message: Message, role: str) -> None:
        """Change who speaks."""
        new = conversation_edits.set_role(self._example.text, message.index, role)
        self._do(new, "change_role", message.index)

    def set_trained(self, message: Message, trained: bool) -> None:
        """Say whether an answer is trained on; without a weight it is."""
        weight: Literal[0, 1] | None = 0
        if trained:
            weight = 1 if message.weight == 1 else None
        new = conversation_edits.set_weight(self._example.text, message.index, weight)
        code = "train_on_message" if trained else "do_not_train_on_message"
        self._do(new, code, message.index)

    def insert(self, index: int, role: str) -> None:
        """Put an empty message before the one of the index."""
        new = conversation_edits.insert_message(self._example.text, index, role)
        self._do(new, "add_message", index)

    def delete(self, index: int) -> None:
        """Take a message out."""
        path: Path = ("messages", index)
        self._do(remove(self._example.text, path), "delete_message", index)

    def move(self, index: int, to: int) -> None:
        """Move a message to another place."""
        new = conversation_edits.move_message(self._example.text, index, to)
        self._do(new, "move_message", index)

    def duplicate(self, index: int) -> None:
        """Put a copy behind a message."""
        new = conversation_edits.duplicate_message(self._example.text, index)
        self._do(new, "duplicate_message", index)

    def split(self, index: int, at_character: int) -> None:
        """Make two messages of one."""
        new = conversation_edits.split_message(self._example.text, index, at_character)
        self._do(new, "split_message", index)

    def merge(self, index: int) -> None:
        """Make one message of a message and the next."""
        new = conversation_edits.merge_with_next(self._example.text, index)
        self._do(new, "merge_message", index)

    def set_call(self, message: Message, number: int, **values: str) -> None:
        """Typing in the name, id or arguments of a tool call."""
        new = conversation_edits.set_tool_call(self._example.text, message.index, number, **values)
        path: Path = (*message.path, "tool_calls", number, *values)
        name = ChangeName("edit_tool_call", {"number": message.index + 1})
        self._typed(new, path, name)

    def add_call(self, message: Message, name: str) -> None:
        """Let an answer call a tool."""
        new = conversation_edits.add_tool_call(self._example.text, message.index, name)
        self._do(new, "add_tool_call", message.index)

    def remove_call(self, message: Message, number: int) -> None:
        """Take a tool call away."""
        new = conversation_edits.remove_tool_call(self._example.text, message.index, number)
        self._do(new, "remove_tool_call", message.index)

    def set_answered_call(self, message: Message, call_id: str) -> None:
        """Say which call a tool message answers."""
        new = conversation_edits.set_tool_call_id(
            self._example.text, message.index, call_id or None
        )
        self._typed(
            new,
            (*message.path, "tool_call_id"),
            ChangeName("edit_tool_call_id", {"number": message.index + 1}),
        )

    def modernise_call(self, message: Message, call: ToolCall) -> None:
        """Turn a function_call of the older form into a tool call."""
        text = remove(self._example.text, (*message.path, "function_call"))
        new = conversation_edits.add_tool_call(text, message.index, call.name, call.arguments)
        self._do(new, "modernise_function_call", message.index)

    def turn_into_text(self, message: Message) -> None:
        """Make a string of content that is a number, an object or a list."""
        new = set_member(self._example.text, message.path, "content", message.text)
        self._do(new, "turn_content_into_text", message.index)

    def add_picture(self, message: Message, data_url: str) -> None:
        """Put an embedded picture behind what a message says."""
        new = conversation_edits.add_image_part(self._example.text, message.index, data_url)
        self._do(new, "add_picture", message.index)

    def remove_part(self, message: Message, number: int) -> None:
        """Take a part of a message's content out."""
        new = conversation_edits.remove_part(self._example.text, message.index, number)
        self._do(new, "remove_part", message.index)

    def set_detail(self, message: Message, number: int, detail: str) -> None:
        """Say in which detail the model looks at a picture."""
        path: Path = (*message.path, "content", number, "image_url")
        new = set_member(self._example.text, path, "detail", detail)
        self._do(new, "set_picture_detail", message.index)

    def remove_key(self, message: Message, path: Path) -> None:
        """Take out a key that the form has no field for."""
        self._do(
            remove(self._example.text, path),
            "remove_message_key",
            message.index,
        )

    def remove_other_key(self, path: Path) -> None:
        """Take out a key of the example that the form has no field for."""
        self.steps.end()
        self._example.apply(remove(self._example.text, path), ChangeName("remove_example_key", {}))

    def write_tools(self, tools_text: str) -> None:
        """Typing in the tools; the text is JSON or empty."""
        new = conversation_edits.set_tools(self._example.text, tools_text)
        self._typed(new, ("tools",), ChangeName("edit_tools", {}))

    def type_tools(self, new_text: str, field: Path) -> None:
        """Typing in a field of a tool."""
        self._typed(new_text, field, ChangeName("edit_tools", {}))

    def set_parallel(self, allowed: bool | None) -> None:
        """Say whether several tools may be called at once."""
        new = conversation_edits.set_parallel_tool_calls(self._example.text, allowed)
        self.change_tools(new, "change_parallel_calls")

    def change_tools(self, new_text: str, code: str) -> None:
        """Add, remove or rename within the tools; the code names the step."""
        self.steps.end()
        self._example.apply(new_text, ChangeName(code, {}))

    def write_raw(self, new_text: str) -> None:
        """Typing in the raw JSON, whether it is valid or not."""
        self._typed(new_text, (), ChangeName("edit_raw_json", {}))

    def set_system_prompt(self, prompt: str) -> None:
        """Give the example the system prompt of a preset."""
        new = conversation_edits.set_system_prompt(self._example.text, prompt)
        self._do(new, "set_one_system_prompt", 0)

    @property
    def text(self) -> str:
        """The text of the example as it is now."""
        return self._example.text

    def _typed(self, new_text: str, path: Path, name: ChangeName) -> None:
        self._example.apply(new_text, name, self.steps.key(to_pointer(path)))

    def _do(self, new_text: str, code: str, index: int) -> None:
        self.steps.end()
        self._example.apply(new_text, ChangeName(code, {"number": index + 1}))
