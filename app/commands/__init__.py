"""The command line: one module for each group of commands. Only the development ones import the sandbox."""
