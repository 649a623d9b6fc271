"""The published model of the backend's package group `sentences`, which compares words with captions."""

SENTENCE_MODEL = "all-minilm-l6-v2"
SENTENCE_MODEL_MB = 84  # size of the download
