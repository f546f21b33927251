"""Speed and size of this project on the computer it runs on."""
