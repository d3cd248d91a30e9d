"""How a job goes on: validated, queued, run as a process of its own, followed to its end."""
