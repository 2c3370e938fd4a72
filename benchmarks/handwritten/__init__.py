"""What the benchmarks measure against: endpoints as one writes them by hand for one question each, on our schema."""
