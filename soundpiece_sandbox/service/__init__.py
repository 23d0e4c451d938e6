"""The HTTP service put together, served and stopped, with its webhooks, counters and admin."""
