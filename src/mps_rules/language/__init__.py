"""
How rules are written: conditions and their truth, text that becomes plain data, plain data that becomes values.

Knows neither a pack nor a patient; everything above may use it.
For others: ``conditions`` (judge), ``reading``, ``structure``, ``rows``, ``plain``.
"""
