"""A trial of the scheduler: its processes killed and paused, the database failing over; then everything is counted."""
