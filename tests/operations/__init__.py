"""Operations on the real database, where the API alone does not show enough."""
