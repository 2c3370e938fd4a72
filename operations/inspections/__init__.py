"""The job: its people, charges, agreements and report."""
