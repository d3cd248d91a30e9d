"""What every endpoint stands on: errors in OpenAI's envelope, the guard, reading and paging."""
