"""
Other people's packages, carried along unbundled from their own distributions: see the licence and the list of changes beside each.
"""
