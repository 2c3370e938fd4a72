"""What speaks GraphQL, and knows no product."""
