"""Memory, number formats, devices, and linear layers that are fast on this machine."""
