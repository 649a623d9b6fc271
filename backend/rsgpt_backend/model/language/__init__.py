"""The frozen language model: its files, its loading, and its tokenizer."""
