"""How a cloud of regions is: what its nodes say, what follows from that, and how it is shown."""
