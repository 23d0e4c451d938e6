"""An offline emulator of the Soundpiece v1 API. It is not Soundpiece's model.

It runs as a process of its own (``python -m soundpiece_sandbox``) and imports nothing of
soundpiece_nb, so that soundpiece_nb can be tested against it. The README beside this file lists
its choices where the public documentation is silent.
"""
