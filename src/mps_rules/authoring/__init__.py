"""
For those who write rules: cases, vignettes, lint, the manifest and the generated pages.

What a pack says of itself is computed, never declared.
For others: ``cases``, ``vignettes``, ``lint``, ``manifest``, ``docgen``.
"""
