"""The Fine-tune page: launching runs, following them, and what came of them."""
