"""Small local package repositories with a known state, built at test time; nothing here uses the network."""
