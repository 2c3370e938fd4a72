"""Taking money and giving it back: checkouts, what Stripe says of them, and payments recorded by hand."""
