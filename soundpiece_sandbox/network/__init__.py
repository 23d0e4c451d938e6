"""Access to other servers: the allowed ones, and for webhooks the public internet."""
