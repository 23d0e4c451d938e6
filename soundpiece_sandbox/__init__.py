"""An offline sandbox that answers like Soundpiece v1. It is not Soundpiece's model.

It runs as a process of its own (``python -m soundpiece_sandbox``) and imports nothing of
soundpiece_nb outside this package, so that it can check the rest. The choices it makes where the
public documentation is silent are listed in the README beside this file.
"""
