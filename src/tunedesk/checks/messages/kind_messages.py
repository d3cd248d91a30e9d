"""What to say of rows that are not conversations: pairs, items, completions, single messages."""

from functools import cache

from tunedesk.checks.problem import ProblemMessage
from tunedesk.i18n import _


@cache
def kind_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    fix = _("Fix it in the Raw JSON tab.")
    return {
        "other_training": ProblemMessage(
            _("For another method of training"),
            _("The row is {kind}: it is kept, and left out where conversations are trained on."),
            _("Nothing to do here: choose the method of training that takes such rows."),
        ),
        "single_message": ProblemMessage(
            _("A message without its conversation"),
            _("The row is a single message; the conversation around it is missing."),
            _("“tunedesk fix” puts messages that follow one another together to conversations."),
        ),
        "templated_row": ProblemMessage(
            _("Text of a chat template"),
            _("The row is a text with the marks of the template {family}, not a conversation."),
            _("Fix it to make messages of its turns: the trainer puts the marks in by itself."),
        ),
        "item_not_asking": ProblemMessage(
            _("Does not end with a question"),
            _("The last message is the {role}'s; an item for reinforcement ends with the user's."),
            _("Write the question, or delete the last message."),
        ),
        "pair_part_missing": ProblemMessage(
            _("Part of a pair missing"),
            _("A part of the pair is missing."),
            _("Add it, or delete the example."),
            {
                "asked": _("What both answers answer is missing (“input”)."),
                "preferred": _("The preferred answer is missing (“preferred_output”)."),
                "other": _("The other answer is missing (“non_preferred_output”)."),
            },
        ),
        "pair_part_invalid": ProblemMessage(
            _("Part of a pair of another form"),
            _("A part of the pair is {type}; it has to be a list of messages."),
            fix,
            {
                "asked": _("What was asked is {type}; it has to be a list of messages."),
                "preferred": _("The preferred answer is {type}; it has to be a list of messages."),
                "other": _("The other answer is {type}; it has to be a list of messages."),
            },
        ),
        "pair_part_empty": ProblemMessage(
            _("Empty part of a pair"),
            _("A part of the pair is empty."),
            _("Write what is said, or delete the example."),
            {
                "asked": _("What both answers answer is empty."),
                "preferred": _("The preferred answer is empty."),
                "other": _("The other answer is empty."),
            },
        ),
        "pair_prompt_answered": ProblemMessage(
            _("What was asked ends with an answer"),
            _("What was asked ends with a message of the assistant's; both answers come after it."),
            _("Delete that message, or write what the user says next."),
        ),
        "pair_answer_long": ProblemMessage(
            _("Answer of several messages"),
            _("An answer has {count} messages; one message of the assistant's is expected."),
            _("Keep the last message, and move the others into what was asked."),
        ),
        "pair_answer_role": ProblemMessage(
            _("Answer that is not the assistant's"),
            _("An answer ends with a message of the {role}'s; the assistant's is expected."),
            _("Correct the role, or write the answer."),
        ),
        "pair_answer_calls": ProblemMessage(
            _("Answer that is a tool call"),
            _("An answer of the pair calls a tool and says nothing; services take texts only."),
            _("Write what is said in both answers, or delete the example."),
            {
                "preferred": _(
                    "The preferred answer calls a tool and says nothing; services take texts only."
                ),
                "other": _(
                    "The other answer calls a tool and says nothing; services take texts only."
                ),
            },
        ),
        "pair_answers_equal": ProblemMessage(
            _("Both answers are the same"),
            _("Both answers are the same: there is nothing to learn."),
            _("Write another answer, or delete the example."),
        ),
        "pair_transcript": ProblemMessage(
            _("Transcript in place of messages"),
            _("A whole conversation stands in one text, with names that begin the turns."),
            _("Fix it to make messages of it: what both answers share becomes the prompt."),
        ),
        "pair_answers_alike": ProblemMessage(
            _("Answers that differ in blanks"),
            _("The two answers differ in blanks and line breaks only."),
            _("Write another answer, or delete the example."),
        ),
        "pair_answer_is_beginning": ProblemMessage(
            _("One answer is the beginning of the other"),
            _("One answer is the beginning of the other: the prompt cannot be told apart."),
            _("Write the prompt by itself, and two answers to it."),
        ),
        "pair_questions_differ": ProblemMessage(
            _("Answers to different questions"),
            _("The two answers answer different questions: this is not a pair."),
            _("Give both the same question, or delete the example."),
        ),
        "pair_spelling": ProblemMessage(
            _("Pair in the form of open tools"),
            _("The pair is spelled as open tools do (chosen, rejected); services expect another."),
            _("Fix it to write input, preferred_output and non_preferred_output."),
        ),
        "completion_part_not_text": ProblemMessage(
            _("Prompt or completion is not text"),
            _("The prompt or the completion is {type}; it has to be a text."),
            fix,
            {
                "prompt": _("The prompt is {type}; it has to be a text."),
                "completion": _("The completion is {type}; it has to be a text."),
            },
        ),
        "completion_empty": ProblemMessage(
            _("Empty completion"),
            _("The completion is empty: there is nothing to train on."),
            _("Write it, or delete the example."),
        ),
    }
