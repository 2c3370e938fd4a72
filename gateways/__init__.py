"""The only place that talks to Stripe and SMTP; it returns our own frozen dataclasses."""
