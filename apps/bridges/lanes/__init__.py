"""How deliveries are sent: a lane for each connection with something due, so that none of them holds another up."""
