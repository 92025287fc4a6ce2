"""The Evaluate page: one idea a file, each part drawn (and computed) only when it is open."""
