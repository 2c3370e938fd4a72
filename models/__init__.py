"""What is stored: Tortoise models, constraints, migrations and the only row-level filter."""
