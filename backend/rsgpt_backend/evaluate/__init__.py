"""The paper's measures: caption metrics and question accuracy, over the shipped engine."""
