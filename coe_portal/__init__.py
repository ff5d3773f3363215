"""CoE Portal: from proof of concept to production."""
