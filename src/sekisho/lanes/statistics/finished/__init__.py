"""Finished tables from anywhere, read as an attacker reads them."""
