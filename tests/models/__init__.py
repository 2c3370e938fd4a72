"""How the process reaches PostgreSQL, and gives back what it took."""
