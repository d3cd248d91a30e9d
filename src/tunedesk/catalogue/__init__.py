"""The world's dated facts: base models, prices, targets, limits; and what follows from them."""
