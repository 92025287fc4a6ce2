"""Train steps in parts: gradients summed over micro-batches, then applied once."""
