"""Configuration files of OpenStack: read as the services read them, changed without touching anything else."""
