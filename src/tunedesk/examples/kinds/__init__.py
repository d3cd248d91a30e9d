"""The kinds of training example, one module a kind; `registry` finds the kind of a record."""
