"""How a field is answered: resolvers translate, never decide."""
