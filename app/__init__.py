"""The only place that reads the environment: settings, resources, routes, sign-in and the command line."""
