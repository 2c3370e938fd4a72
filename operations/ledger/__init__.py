"""One inspection's money: loaded under its lock, changed, and posted back with its balances; reports over all of it."""
