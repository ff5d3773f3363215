"""CloudWatch Logs: groups of streams of timestamped lines."""
