"""
What a caller says of one patient becomes checked findings, and findings become what rules may ask.

Unknown is never absent; nothing is dropped in silence.
For others: ``findings.read_findings``, ``facts.Facts``, ``addresses``, ``painmap``, ``forms``, the values in ``values``.
"""
