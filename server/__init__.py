"""The server: takes what boards send over MQTT, stores it, acknowledges it and shows it."""
