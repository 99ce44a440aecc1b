"""Two OpenStack clusters on one machine: systemd hosts in network namespaces, and a line that can be cut."""
