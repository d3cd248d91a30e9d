"""Fine-tuning jobs: launching, following, curves, advice, reports."""
