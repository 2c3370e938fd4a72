"""What is true: money, transition tables, refusals and scopes. No input or output."""
