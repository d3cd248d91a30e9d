"""What is checked in the records of each kind; `checks.checker` finds it by the kind."""
