{#- All that a keystone node of a region needs by itself: where tokens live, and its catalog.
    What crosses from one region to another is orch.join's. #}

include:
  - regions.tokens
  - regions.catalog
