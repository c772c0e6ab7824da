"""
What was concluded becomes a ranked assessment, and explains itself.

Nothing is worded here, and nothing is judged twice.
For others: ``assess``, ``candidates``, ``questions``, ``flips``, ``explain``, ``differences``, the values in ``values``.
"""
