"""A mail server that never delivers: it keeps every mail and shows it on pages and as JSON. Never in production."""
