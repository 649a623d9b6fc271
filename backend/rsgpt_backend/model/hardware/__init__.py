"""Devices, memory, number formats, and linear layers that are fast on this machine."""
