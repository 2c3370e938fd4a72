"""What speaks GraphQL, tested without a product."""
