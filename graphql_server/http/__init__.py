"""GraphQL over HTTP: what a request must look like, and what a response says."""
