"""
An assessment as people read it: text, note, notebook, pictures.

Decides nothing; the same assessment gives the same bytes, and every word from outside is escaped.
For others: ``brief``, ``text``, ``note``, ``handout``, ``notebook``, ``derivations``, ``pictures``, ``places``, and the words they share in ``wording``.
"""
