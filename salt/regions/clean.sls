{#- The way back from `regions`, component by component, in the opposite order. #}

include:
  - regions.catalog.clean
  - regions.tokens.clean
