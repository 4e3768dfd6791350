"""Topics of Kafka as bridges read them."""
