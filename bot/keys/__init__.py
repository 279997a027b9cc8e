"""What is known of keys: owners, the inventory of the gateway, look-up, visibility, and their words."""
