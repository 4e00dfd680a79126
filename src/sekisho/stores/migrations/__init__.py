"""How the store's schema came to be, one file a step."""
