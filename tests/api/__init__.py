"""The API over HTTP: every requirement of the specification, by its number."""
