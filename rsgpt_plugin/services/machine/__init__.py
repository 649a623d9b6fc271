"""This machine: environment setup, installed models, storage, proxy, translations, and problem reports."""
