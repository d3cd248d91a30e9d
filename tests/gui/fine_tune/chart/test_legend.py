from tests.fine_tuning.made_curves import made_chart


def test_several_runs_with_a_legend(chart):
    chart.show_runs([made_chart("one"), made_chart("two", seed=1), made_chart("three <b>")])
    assert chart._legend.texts() == ["one", "two", "three <b>", "validation"]
    chart.curve_view.read(20)
    assert [line.split(":")[0] for line in chart.curve_view.reading().lines] == [
        "one",
        "two",
        "three <b>",
    ]
    pens = {
        curve.opts["pen"].color().name()
        for curve, line in zip(
            chart.curve_view.loss._curves, chart.curve_view.loss.lines, strict=True
        )
        if line.look == "strong"
    }
    assert len(pens) == 3


def test_the_legend_stands_below_where_there_is_no_room(chart, window, qtbot):
    chart.show_runs([made_chart("a run with quite a long name"), made_chart("another of them")])
    window.resize(1400, 560)
    qtbot.waitUntil(lambda: chart._beside.indexOf(chart._legend) >= 0)
    window.resize(760, 560)
    qtbot.waitUntil(lambda: chart._below_head.indexOf(chart._legend) >= 0)
