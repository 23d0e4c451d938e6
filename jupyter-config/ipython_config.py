"""Loads the magics in every notebook and terminal: copy this into your IPython profile folder.

`ipython locate profile` prints that folder.
"""

c = get_config()  # noqa: F821 - IPython defines it
c.InteractiveShellApp.extensions = ["soundpiece_nb"]
