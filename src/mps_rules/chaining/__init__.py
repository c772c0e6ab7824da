"""
The rules are run over the facts of one patient: by experta, rule by rule for comparison, or backwards for what-ifs.

Every executor gives the same ``Chain``; none decides what it means.
For others: ``engine.chain``, ``reference``, ``circuit``, ``subjects``, ``premises``, the values in ``chains``.
"""
