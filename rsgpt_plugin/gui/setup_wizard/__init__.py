"""The set-up of the model, page by page; opened by the user and by nothing else."""
