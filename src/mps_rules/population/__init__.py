"""
Many patients at once: tables in, tables out, row by row what ``evaluate`` says of one.

The homes of ibis; no patient is named, and every row that is not used is counted.
For others: ``cohort``, ``partitions``, ``omop``, ``overview``, ``tally``, ``tables``.
"""
