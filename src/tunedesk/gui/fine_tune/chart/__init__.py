"""The loss chart: lines, crosshair, legend, and pictures of it."""
