"""The API answered by graphql-core, with plain resolvers over the ORM: what compiled answers must equal."""
