{#- On a node that serves a dashboard: horizon signs people in at its own region's keystone, whose catalog tells it every
    region, and begins with its own region's services (K4). Its sessions live in memcached: a region's database may be a
    replica that can't be written, and a signed cookie is too small for the catalog of a cloud with several regions.

    Nothing of the operator's is touched: all of it is one snippet, which horizon reads after every other. Horizon reads
    snippets since Mitaka (9). Apache reads them when it is reloaded, which is done once for each change of the snippet.

    Home's dashboard is everybody's. Each other region's stays at its own keystone for the day when home can't be reached,
    and says to who signs in that identity can only be read there. No fail-over changes it, and no repointing (P7). #}
{%- from "regions/map.jinja" import mapdata with context %}
{%- from "regions/dashboard/place.jinja" import snippet, notices, loaded with context %}
{%- set cloud = salt['regions.settings']() %}
{%- set region = cloud.regions.get(cloud.region) or {} %}
{%- set page = mapdata.dashboard.url %}

{%- if not region %}

this node serves a dashboard of a region:
  test.fail_without_changes:
    - comment: >-
        The grain `region` of this minion is {{ cloud.region | json }}, which is no region of pillar
        openstack_regions:regions ({{ cloud.regions | join(', ') }}); set the grain, then apply this again.

{%- elif not snippet %}

horizon reads snippets:
  test.fail_without_changes:
    - comment: >-
        There is no directory {{ mapdata.dashboard.directories | join(', nor ') }}: this node has no horizon, or one before
        Mitaka (9), which reads no snippets. Name the local_settings.d that horizon reads in pillar
        openstack_regions:dashboard:directories; where there is none, set OPENSTACK_KEYSTONE_URL at the end of horizon's
        local_settings to this region's own keystone, and a SESSION_ENGINE that needs no database.

{%- else %}
{%- set servers = mapdata.dashboard.sessions or region.memcached_servers or mapdata.tokens.servers %}

horizon knows its keystone and its region:
  file.managed:
    - name: {{ snippet }}
    - source: salt://regions/dashboard/settings.py.jinja
    - template: jinja
    - mode: '0644'
    - context:
        keystone: {{ (region.internal_endpoint or region.public_endpoint) | json }}
        region: {{ cloud.region | json }}
        servers: {{ (servers or ['127.0.0.1:11211']) | json }}
        home: {{ (cloud.region == cloud.home) | json }}
        notices: {{ notices | json }}

{%- if cloud.region != cloud.home %}

who signs in here is told what can't be done:
  file.serialize:
    - name: {{ notices }}/openstack-regions.json
    - serializer: json
    - mode: '0644'
    - makedirs: true
    - dataset:
        level: warning
        message: >-
          This is {{ cloud.region }}'s own dashboard, for days when {{ cloud.home }} can't be reached. Users, projects
          and roles are a read-only copy of {{ cloud.home }}'s: they can be seen here, and not changed.
{%- endif %}

apache runs:
  service.running:
    - name: {{ mapdata.dashboard.service }}

# By what was read last, and not by what this run wrote: a run that was killed in between is made up for by the next.
horizon has read it:
  cmd.run:
    - name: >-
        systemctl reload {{ mapdata.dashboard.service }} && mkdir -p -m 0700 {{ salt['file.dirname'](loaded) }}
        && cp {{ snippet | quote }} {{ loaded }}
    - unless: cmp -s {{ snippet | quote }} {{ loaded }}
    - require:
      - file: horizon knows its keystone and its region
      - service: apache runs

{%- set ask = "curl -sSL -m 30 " ~ (page | quote) ~ " | grep -q csrfmiddlewaretoken" %}
{%- set said = page ~ " shows no sign-in page of horizon's, asked " ~ mapdata.dashboard.wait ~ " times: see the error log of "
    ~ mapdata.dashboard.service ~ "; where another page is its, write that in pillar openstack_regions:dashboard:url" %}

its sign-in page answers:
  cmd.run:
    - name: >-
        for look in $(seq {{ mapdata.dashboard.wait }}); do {{ ask }} && exit 0; sleep 1; done;
        echo {{ said | quote }}; exit 1
    - unless: {{ ask }}
    - require:
      - cmd: horizon has read it
{%- endif %}
