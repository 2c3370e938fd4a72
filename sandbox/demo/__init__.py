"""The demo with its example data, and the story that plays all that Inspectpay does."""
