"""Fine-tuning jobs: providers, keys, launching, following; the only room that calls openai."""
