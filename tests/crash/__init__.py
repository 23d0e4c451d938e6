"""What kills processes at every instant of an operation's way."""
