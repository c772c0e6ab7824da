"""
A folder of rules becomes a knowledge base, once, and with every fault named.

Knows no patient: it holds words, rules, regions and the graph of referral.
For others: ``loading.load_folders``, ``packaged``, the values in ``vocabulary``, ``rules`` and ``pack``, ``regions``, ``referral``.
"""
