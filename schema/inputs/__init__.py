"""What mutations take, by domain, and what lists are filtered by; a leaf, so that resolvers may import it."""
