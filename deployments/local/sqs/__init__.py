"""Simple Queue Service: durable queues with visibility timeouts and dead letters."""
