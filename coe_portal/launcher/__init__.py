"""``./portal``: starts and stops everything the product needs on one machine. Never imports Django."""
