"""
Charts of other systems in and out: codes, FHIR, forms, orders.

Tolerant and reported: what is not understood is left unknown, and said.
For others: ``fhir_in``, ``fhir_out``, ``questionnaire``, ``orders``, ``codes``, ``claims``.
"""
