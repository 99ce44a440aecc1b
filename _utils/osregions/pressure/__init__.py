"""M1, whether memcached has the size that it needs: readings, rates between two of them, a verdict, and a size."""
