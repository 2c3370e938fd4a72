"""Who may come in: companies and their staff, sessions, and links."""
