"""A chart on the screen."""

import pytest
from PySide6.QtWidgets import QVBoxLayout

from tunedesk.gui.fine_tune.chart.loss_chart import LossChart


@pytest.fixture
def chart(window, theme, feedback, qtbot):
    chart = LossChart(theme=theme, feedback=feedback)
    QVBoxLayout(window).addWidget(chart)
    window.resize(1000, 560)
    window.show()
    qtbot.waitExposed(window)
    return chart
