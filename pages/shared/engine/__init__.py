"""The Engine page's work: a step of the experiment by the textbook's loops and by the fast path, timed and compared."""
