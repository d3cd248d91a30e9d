"""What a chat template leaves out of a conversation without a word: calls, tools, messages.

Many templates know only what their model was made for. One that has no tools writes an answer that
is a call as an empty answer, and the model would learn to say nothing.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def lost_in(text: str, messages: Sequence[Mapping[str, Any]], tools: Any) -> str | None:
    """What of a conversation does not stand in the text that a template made of it.

    Args:
        text: What the template wrote.
        messages: What it was given, as `template_messages` makes them.
        tools: The tools it was given; None without any.

    Returns:
        That it leaves something out, as half a sentence; None if all is there.
    """
    named: Counter[str] = Counter()
    for message in messages:
        for call in message.get("tool_calls") or ():
            named[str(call["function"]["name"])] += 1
    for name, times in named.items():
        if text.count(name) < times:
            return f"it leaves out the call of “{name}”"
    for tool in tools or ():
        name = str((tool.get("function") or {}).get("name") or "")
        named[name] += 1
        if text.count(name) < named[name]:
            return f"it leaves out {'the call of' if named[name] > 1 else 'the tool'} “{name}”"
    for number, message in enumerate(messages, 1):
        if not _stands_in(text, str(message.get("content") or "")):
            return f"it leaves out message {number} ({message['role']})"
    return None


def _stands_in(text: str, content: str) -> bool:
    # Thoughts of earlier answers are left out on purpose, by the models that have them.
    said = content.rpartition("</think>")[2].strip()
    return (
        said in text
        or json.dumps(said)[1:-1] in text
        or json.dumps(said, ensure_ascii=False)[1:-1] in text
    )
