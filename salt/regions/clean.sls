{#- The way back from `regions`, component by component, in the opposite order: the catalog must name no
    $(public_endpoint)s any more when keystone forgets its own. #}

include:
  - regions.catalog.clean
  - regions.tokens.clean

extend:
  keystone's options are what they were:
    keystone_tokens:
      - require:
        - sls: regions.catalog.clean
