"""The Soundpiece wire: routes as data, requests, answers, client, pacing, errors.

Nothing here touches a disk or a notebook.
"""
