"""Dialogs to manage models and to convert checkpoints."""
