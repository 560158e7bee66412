"""What is known of each kind of training program; `project` chooses one by name."""
