"""What the benchmark of lists needs: much data, something to compare with, and callers."""
