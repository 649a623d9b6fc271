"""What people think of captions: a sheet to rate them on, blind, and the sum of the ratings."""
