"""The table of actions: what exists in the window, under which name and key.

Texts carry no menu letters of their own; Qt's menus are reached by Alt and the arrow keys.
"""

from dataclasses import dataclass

from tunedesk.i18n import _


@dataclass(frozen=True)
class ActionSpec:
    """What is declared about one action.

    Attributes:
        id: Stable name, "group.verb".
        text: The visible label; also the accessible name.
        keys: Keys in portable spelling; the first is shown.
        tooltip: One line of explanation; empty takes the text.
        group: Heading in the overview of keys.
        icon: Our name of its icon, or empty.
        checkable: Whether it is switched on and off.
        repeats: Whether holding the key repeats it.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    tooltip: str = ""
    group: str = ""
    icon: str = ""
    checkable: bool = False
    repeats: bool = False


PROJECT, EDIT, GO, EXAMPLE, MESSAGE, RUN, VIEW, HELP = (
    _("Project"),
    _("Edit"),
    _("Go"),
    _("Example"),
    _("Message"),
    _("Training"),
    _("View"),
    _("Help"),
)

ACTIONS_OF_PAGES = {
    "examples": (
        *("example.", "message.", "panel.", "view.raw", "view.panel"),
        *("project.import", "project.export", "project.check"),
        *("edit.search", "edit.replace"),
        *("go.previous", "go.next", "go.table", "go.form", "go.problem"),
        *("go.previous_message", "go.next_message"),
    ),
    "fine_tune": ("run.",),
}
"""The page that an action belongs to, by the beginning of its id; the others are for all pages."""


def page_of(action_id: str) -> str:
    """The page on which an action does something; empty: on every page."""
    for page, beginnings in ACTIONS_OF_PAGES.items():
        if action_id.startswith(beginnings):
            return page
    return ""


ACTIONS = (
    ActionSpec("project.new", _("New project…"), ("Ctrl+Shift+N",), "", PROJECT, "new_project"),
    ActionSpec("project.open", _("Open…"), ("Ctrl+O",), "", PROJECT, "open"),
    ActionSpec("project.sample", _("Open the sample project"), (), "", PROJECT, "sample"),
    ActionSpec("project.close", _("Close project"), ("Ctrl+W",), "", PROJECT),
    ActionSpec(
        "project.import",
        _("Import"),
        ("Ctrl+I",),
        _("Import examples from a file"),
        PROJECT,
        "import",
    ),
    ActionSpec(
        "project.export",
        _("Export"),
        ("Ctrl+E",),
        _("Export examples into a file"),
        PROJECT,
        "export",
    ),
    ActionSpec(
        "project.check",
        _("Check"),
        ("F5",),
        _("Check all examples and show their problems"),
        PROJECT,
        "check",
    ),
    ActionSpec(
        "project.backups",
        _("Go back to a backup…"),
        (),
        _("Bring back an earlier state of this project"),
        PROJECT,
    ),
    ActionSpec(
        "project.rescue",
        _("Rescue a damaged project…"),
        (),
        _("Write what can be read of a damaged project into a new one"),
        PROJECT,
    ),
    ActionSpec(
        "project.kept",
        _("Kept copies…"),
        (),
        _("The copies that Tunedesk keeps of projects whose file was deleted while they were open"),
        PROJECT,
    ),
    ActionSpec(
        "project.duplicates",
        _("Duplicates…"),
        (),
        _("Look at the examples that are the same, and keep one of each"),
        PROJECT,
    ),
    ActionSpec(
        "project.save_copy",
        _("Save a copy…"),
        (),
        _("Write the whole project, with its history, into another file"),
        PROJECT,
    ),
    ActionSpec("app.preferences", _("Preferences…"), ("Ctrl+,",), "", PROJECT, "settings"),
    ActionSpec("app.quit", _("Quit"), ("Ctrl+Q",), "", PROJECT),
    ActionSpec("edit.undo", _("Undo"), ("Ctrl+Z",), "", EDIT, "undo", repeats=True),
    ActionSpec("edit.redo", _("Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), "", EDIT, "redo", repeats=True),
    ActionSpec("edit.search", _("Search"), ("Ctrl+F",), _("Search all messages"), EDIT, "search"),
    ActionSpec("edit.replace", _("Find and replace…"), ("Ctrl+H",), "", EDIT),
    ActionSpec("example.new", _("New example"), ("Ctrl+N",), "", EXAMPLE, "add"),
    ActionSpec("example.duplicate", _("Duplicate example"), ("Ctrl+D",), "", EXAMPLE, "duplicate"),
    ActionSpec("example.delete", _("Delete examples"), ("Ctrl+Delete",), "", EXAMPLE, "delete"),
    ActionSpec("example.copy", _("Copy examples"), ("Ctrl+Shift+C",), "", EXAMPLE, "copy"),
    ActionSpec("example.paste", _("Paste examples"), ("Ctrl+Shift+V",), "", EXAMPLE),
    ActionSpec("example.move_up", _("Move example up"), ("Ctrl+Shift+Up",), "", EXAMPLE),
    ActionSpec("example.move_down", _("Move example down"), ("Ctrl+Shift+Down",), "", EXAMPLE),
    ActionSpec("example.tag", _("Tag…"), ("T",), _("Tag the selected examples"), EXAMPLE, "tag"),
    ActionSpec(
        "example.system_prompt",
        _("Set system prompt…"),
        (),
        _("Give the selected examples the same system prompt"),
        EXAMPLE,
    ),
    ActionSpec(
        "example.approve_next",
        _("Approve and go on"),
        ("Ctrl+Return", "Ctrl+Enter"),
        "",
        EXAMPLE,
        "approve",
    ),
    ActionSpec("example.approve", _("Approve"), ("A",), "", EXAMPLE, "approve"),
    ActionSpec("example.changes", _("Changes wanted"), ("C",), "", EXAMPLE, "changes_wanted"),
    ActionSpec("example.reject", _("Reject"), ("R",), "", EXAMPLE, "reject"),
    ActionSpec("example.to_review", _("To review"), ("V",), "", EXAMPLE),
    ActionSpec("example.draft", _("Draft"), (), "", EXAMPLE),
    ActionSpec("message.add", _("Add message"), ("Ctrl+M",), "", MESSAGE, "add"),
    ActionSpec(
        "message.add_prompt",
        _("Add system prompt"),
        (),
        _("Begin with a message that tells the assistant how to answer"),
        MESSAGE,
    ),
    ActionSpec(
        "message.delete", _("Delete message"), ("Ctrl+Shift+Delete",), "", MESSAGE, "delete"
    ),
    ActionSpec("message.duplicate", _("Duplicate message"), ("Ctrl+Shift+D",), "", MESSAGE),
    ActionSpec("message.move_up", _("Move message up"), ("Alt+Shift+Up",), "", MESSAGE),
    ActionSpec("message.move_down", _("Move message down"), ("Alt+Shift+Down",), "", MESSAGE),
    ActionSpec("message.split", _("Split at the cursor"), ("Ctrl+Shift+Return",), "", MESSAGE),
    ActionSpec("message.merge", _("Merge with the next"), ("Ctrl+Shift+M",), "", MESSAGE),
    ActionSpec("go.examples", _("Go to Examples"), ("Ctrl+1",), "", GO, "examples"),
    ActionSpec("go.fine_tune", _("Go to Fine-tune"), ("Ctrl+2",), "", GO, "fine_tune"),
    ActionSpec(
        "go.previous", _("Previous example"), ("Alt+Up", "K"), "", GO, "previous", repeats=True
    ),
    ActionSpec("go.next", _("Next example"), ("Alt+Down", "J"), "", GO, "next", repeats=True),
    ActionSpec("go.table", _("To the table"), ("Ctrl+T",), "", GO),
    ActionSpec("go.form", _("To the messages"), ("Ctrl+L",), "", GO),
    ActionSpec("go.next_message", _("Next message"), ("Ctrl+PgDown",), "", GO, repeats=True),
    ActionSpec("go.previous_message", _("Previous message"), ("Ctrl+PgUp",), "", GO, repeats=True),
    ActionSpec("go.problem", _("Next problem"), ("F8",), "", GO),
    ActionSpec("panel.problems", _("Problems"), ("Alt+1",), "", GO, "error"),
    ActionSpec("panel.tokens", _("Tokens"), ("Alt+2",), "", GO, "tokens"),
    ActionSpec("panel.history", _("History"), ("Alt+3",), "", GO, "history"),
    ActionSpec(
        "finetune.new",
        _("Fine-tune…"),
        ("Ctrl+Shift+T",),
        _("Train a model on these examples"),
        RUN,
        "fine_tune",
    ),
    ActionSpec(
        "finetune.suitability",
        _("Should you tune at all?"),
        (),
        _("What tuning gives, what it does not, and what your examples are made for"),
        RUN,
    ),
    ActionSpec(
        "finetune.adopt_job",
        _("Bring in a run…"),
        (),
        _("Follow a run here that was started elsewhere"),
        RUN,
    ),
    ActionSpec(
        "finetune.compare",
        _("Compare runs…"),
        (),
        _("Lay the losses of several runs over each other"),
        RUN,
    ),
    ActionSpec(
        "run.carry_on", _("Carry on"), (), _("Go on with a launch that was cut off"), RUN, "resume"
    ),
    ActionSpec(
        "run.again", _("Run again…"), (), _("Open the launch page with the same settings"), RUN
    ),
    ActionSpec(
        "run.train_further",
        _("Train further…"),
        (),
        _("A new run that begins with what this model has learned, with new examples"),
        RUN,
    ),
    ActionSpec("run.try", _("Try it"), (), _("Ask the tuned model something"), RUN),
    ActionSpec(
        "run.take_along",
        _("Take the model with you…"),
        (),
        _("Write the tuned model as a folder, an adapter or a GGUF file, or give it to Ollama"),
        RUN,
    ),
    ActionSpec(
        "run.serve",
        _("Serve on this computer…"),
        (),
        _("Address and key of this model for another program"),
        RUN,
    ),
    ActionSpec("run.pause", _("Pause"), (), _("Stop training for a while"), RUN, "pause"),
    ActionSpec("run.resume", _("Resume"), (), _("Go on with the training"), RUN, "resume"),
    ActionSpec("run.cancel", _("Stop the run"), (), _("Stop this training for good"), RUN),
    ActionSpec("run.rename", _("Rename run…"), ("F2",), "", RUN, "edit"),
    ActionSpec(
        "run.examples",
        _("Show the examples as they were"),
        (),
        _("What this run was trained on"),
        RUN,
    ),
    ActionSpec(
        "run.save_results",
        _("Save result files…"),
        (),
        _("Save what the service wrote of each step"),
        RUN,
    ),
    ActionSpec(
        "run.save_report",
        _("Save report…"),
        (),
        _("Save settings, data, chart and advice of this run as a page: HTML or PDF"),
        RUN,
    ),
    ActionSpec(
        "run.print_report",
        _("Print report…"),
        (),
        _("Print settings, data, chart and advice of this run"),
        RUN,
    ),
    ActionSpec("run.hide", _("Take off the list"), (), "", RUN),
    ActionSpec("run.delete_model", _("Delete model and files…"), (), "", RUN, "delete"),
    ActionSpec("view.raw", _("Raw JSON"), ("Ctrl+J",), "", VIEW, "code", checkable=True),
    ActionSpec("view.zoom_in", _("Larger text"), ("Ctrl++", "Ctrl+="), "", VIEW, repeats=True),
    ActionSpec("view.zoom_out", _("Smaller text"), ("Ctrl+-",), "", VIEW, repeats=True),
    ActionSpec("view.zoom_reset", _("Normal text size"), ("Ctrl+0",), "", VIEW),
    ActionSpec("view.monospace", _("Fixed-width text"), (), "", VIEW, checkable=True),
    ActionSpec("view.panel", _("Side panel"), ("Ctrl+B",), "", VIEW, checkable=True),
    ActionSpec("view.theme_system", _("Theme as the system"), (), "", VIEW, checkable=True),
    ActionSpec("view.theme_light", _("Light theme"), (), "", VIEW, checkable=True),
    ActionSpec("view.theme_dark", _("Dark theme"), (), "", VIEW, checkable=True),
    ActionSpec("view.full_screen", _("Full screen"), ("F11",), "", VIEW, checkable=True),
    ActionSpec("help.guide", _("First steps"), (), "", HELP),
    ActionSpec("help.keys", _("Keys"), ("?", "F1"), _("Show the keys"), HELP, "keyboard"),
    ActionSpec("help.about", _("About Tunedesk"), (), "", HELP),
)
