"""`tunedesk serve`: OpenAI's fine-tuning API over Hugging Face TRL, on this computer."""
