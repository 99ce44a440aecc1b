{#- The way back: horizon's settings are the operator's own again. #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- from "regions/dashboard/place.jinja" import snippet, notices, loaded with context %}

{%- if snippet %}

horizon's settings are what they were:
  file.absent:
    - name: {{ snippet }}
{%- endif %}

nobody is told what can't be done here:
  file.absent:
    - name: {{ notices }}

horizon has read that:
  cmd.run:
    - name: systemctl reload {{ mapdata.dashboard.service }} && rm {{ loaded }}
    - onlyif: test -e {{ loaded }}
    - require:
      - file: nobody is told what can't be done here
      {%- if snippet %}
      - file: horizon's settings are what they were
      {%- endif %}
