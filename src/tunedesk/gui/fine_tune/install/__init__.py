"""Installing what training on this computer needs, where it is not there."""
