"""What was published, stated a second time and without the rules."""
