"""What the API says: types, inputs, enums, descriptions and who may read each field."""

import schema.enums  # noqa: F401 - describes the enums before any type or input uses them
