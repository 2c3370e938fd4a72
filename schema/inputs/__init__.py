"""What mutations take, by domain; a leaf, so that resolvers may import it."""
