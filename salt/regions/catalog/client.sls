{#- On a keystone node: the database's own dump program and client, by which backups are made and restored (P3).
    Where one of either kind is there already, nothing is installed beside it. #}
{%- from "regions/map.jinja" import mapdata with context %}

the database's client is installed:
  pkg.installed:
    - name: {{ mapdata.mysql_client.package }}
    - unless: command -v mariadb-dump || command -v mysqldump
