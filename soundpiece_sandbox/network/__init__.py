"""Connections to other servers: to origins named with `--reach`, and to public addresses."""
