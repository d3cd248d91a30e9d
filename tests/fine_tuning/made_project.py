"""Projects with checked examples, for the tests of launching."""

import json

from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample


def conversation(question, answer):
    return json.dumps(
        {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        },
        ensure_ascii=False,
    )


def add_texts(project, texts, state="approved"):
    """Add records with the facts that the real checks find."""
    checker = project.checker()
    return project.add_examples(
        [NewExample(text.encode(), checker.check(text.encode())) for text in texts], state=state
    )


def library(path, count=15):
    """A new project with questions to a librarian."""
    project = Project.create(path)
    add_texts(
        project,
        [
            conversation(f"Where does book {number} stand?", f"On shelf {number}.")
            for number in range(count)
        ],
    )
    return project
