{#- A region's catalog on its own keystone nodes: named as pillar names it, and served as its tables hold it. #}

include:
  - regions.catalog.client
  - regions.catalog.renamed
  - regions.catalog.served
