"""What a booking is and when it may be: pure functions and values, without I/O, clock or chance."""
