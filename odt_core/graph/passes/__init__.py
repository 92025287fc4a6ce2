"""What makes a graph faster without changing what it computes, one pass or form a file."""
