"""What whoever tracks an event gets for an answer."""
