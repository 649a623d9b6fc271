"""The local machine: environment setup, installed models, storage, proxy, translations and problem reports."""
