"""The ground floor: what training, monitor and build scripts share. Standard library only."""
