"""Answers of the heads: what a question asks for, and what finder and classifier say."""
