"""The process of a job: reads its folder, trains by TRL, and tells what happens."""
