"""Policy as data: the document's shape, how it is read, what it says. Pure."""
