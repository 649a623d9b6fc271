"""Blind ratings of captions by people: a rating sheet and a summary of the ratings."""
