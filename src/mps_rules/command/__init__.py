"""
The command ``mps-rules`` and the interview at a terminal.

Reads arguments and prints; knows every other room, and none knows it.
For others: ``cli.main``.
"""
