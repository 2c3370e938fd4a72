"""The HTTP edge: what a request must look like, and what a response tells."""
