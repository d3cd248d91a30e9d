from tunedesk.gui.rail import Rail, RailButton


def test_a_longer_word_gets_the_room_it_needs(qtbot, theme, actions):
    rail = Rail(theme, actions)
    qtbot.addWidget(rail)
    rail.add_page("examples", "go.examples", "examples", "Examples")
    rail.add_page("fine_tune", "go.fine_tune", "fine_tune", "Fine-tune")
    assert rail.width() == theme.size("rail")
    rail.add_page("longer", "go.fine_tune", "fine_tune", "Feinabstimmung der Modelle")
    rail.show()
    button = rail._pages["longer"]
    assert button.width() >= button.minimumSizeHint().width()
    assert rail.width() > theme.size("rail")


def test_the_page_that_is_open_is_marked(qtbot, theme, actions):
    rail = Rail(theme, actions)
    qtbot.addWidget(rail)
    for name in ("examples", "fine_tune"):
        rail.add_page(name, f"go.{name}", name, name)
    gone = []
    actions.bind("go.fine_tune", lambda: gone.append("fine_tune"))
    rail._pages["fine_tune"].click()
    assert gone == ["fine_tune"]
    rail.show_page("examples")
    assert [button.isChecked() for button in rail._pages.values()] == [True, False]
    rail.show_page("no page of this name")
    assert rail._pages["examples"].isChecked()


def test_rail_button_has_the_full_name(theme, actions, qtbot):
    button = RailButton(theme, actions["go.examples"], "examples", "Examples")
    qtbot.addWidget(button)
    assert button.text() == "Examples"
    assert button.accessibleName() == "Go to Examples"
