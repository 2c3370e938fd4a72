"""What the API says: types, inputs, enums, descriptions and who may read each field."""
