"""GraphQL subscriptions over graphql-transport-ws."""
