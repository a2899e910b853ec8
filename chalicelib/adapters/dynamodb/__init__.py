"""The tables, one module each, and the transaction that writes them together."""
