"""Charts drawn by the server: SVG with classes only, a sentence for screen readers, nothing to load."""
