"""The page's template and style: data alone. Salt brings no file to a minion or master that does not end in .py."""

# Every colour of a text has a contrast of 4.5 or more on its ground, of a line or a border of 3: a test measures it.
STYLE = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f3f5f7; --text: #1b1f24; --quiet: #535b65; --line: #7a828c;
  --error: #a3001b; --warning: #734600; --info: #0b4f8a; --ok: #0a5c28;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --raised: #1f2428; --text: #e8eaed; --quiet: #a9b1ba; --line: #7f8893;
    --error: #ff9187; --warning: #ffca66; --info: #8cc4ff; --ok: #7fdc95;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; }
p { margin: .25rem 0; } .quiet { color: var(--quiet); }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
.ok { color: var(--ok); } .unseen { color: var(--quiet); }
.finding { background: var(--raised); border-left: .4rem solid currentColor; padding: .5rem .75rem; margin: .75rem 0; }
.finding p { color: var(--text); } .finding h3 { margin: 0; }
code { font-family: ui-monospace, monospace; font-size: .95em; }
figure { margin: 1rem 0; } figcaption { color: var(--quiet); font-size: .9rem; }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
.cloud { max-width: 32rem; } .plot { max-width: 32rem; }
svg text { fill: currentColor; } svg .title { font-weight: 700; font-size: 15px; }
svg .box { fill: var(--raised); stroke: currentColor; stroke-width: 2; }
svg .way { fill: none; stroke: currentColor; stroke-width: 2; } svg .head { fill: currentColor; }
svg .broken { stroke-dasharray: 5 4; } svg .axis { stroke: var(--line); stroke-width: 1; }
svg .words { color: var(--text); } svg .small { color: var(--quiet); font-size: 11px; }
svg .mark { stroke: var(--warning); stroke-width: 1.5; stroke-dasharray: 3 2; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; white-space: nowrap; } td { min-width: 4rem; }
th[scope=row] { width: 6.5rem; } thead th { white-space: normal; }
thead th, thead + tbody td { overflow-wrap: break-word; }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>{{ status.home }}'s cloud: {{ head.said }}</title>
<style>{{ style }}</style>
</head>
<body>
<header>
<h1>The cloud of {{ status.home }}</h1>
<p><strong class="{{ status.worst or 'ok' }}">{{ head.said | capitalize }}.</strong>
<span class="quiet">{{ head.counted }}, looked at {{ moment }} in {{ '%.1f' | format(status.seconds) }} s.</span></p>
</header>
<main>
{% if status.findings %}
<section aria-labelledby="wrong">
<h2 id="wrong">What is wrong</h2>
{% for one in status.findings %}
<article class="finding {{ one.severity }}">
<h3>{{ words[one.severity] }}: <code>{{ one.code }}</code>, {{ one.where }}</h3>
<p>{{ one.sentence | sentence }}</p>
{% if one.remedy %}
<p><strong>What to do:</strong> {{ one.remedy | sentence }}</p>
{% endif %}
</article>
{% endfor %}
</section>
{% endif %}
<section aria-labelledby="picture">
<h2 id="picture">The regions</h2>
<figure>
<svg class="cloud" viewBox="0 0 360 {{ picture.height }}" role="img" aria-labelledby="cloud-title cloud-words">
<title id="cloud-title">Who uses whose keystone, and how far the replicas are behind</title>
<desc id="cloud-words">{% for box in picture.boxes %}{{ box.name }} {{ box.uses }}{% if not box.home %}; replica: \
{{ box.lag }}{% endif %}. {% endfor %}</desc>
{% set home = picture.boxes | selectattr('home') | first %}
{% for box in picture.boxes if not box.home %}
<g class="{{ box.replica }}">
<path class="way{{ '' if box.whole else ' broken' }}" \
d="M52 {{ home.middle }} H{{ 20 if box.whole else 12 }} V{{ box.middle }} H44"/>
<path class="head" d="M52 {{ box.middle }} l-9 -5 v10 z"/>
</g>
{% if box.local or not box.known %}
<g class="warning">
<path class="way{{ '' if box.known else ' broken' }}" d="M308 {{ box.middle - 16 }} h20 v32 h-12"/>
<path class="head" d="M308 {{ box.middle + 16 }} l9 -5 v10 z"/>
</g>
{% else %}
<g class="{{ 'ok' if box.reached else 'error' }}">
<path class="way{{ '' if box.reached else ' broken' }}" \
d="M308 {{ box.middle }} H{{ 340 if box.reached else 348 }} V{{ home.middle }} H316"/>
<path class="head" d="M308 {{ home.middle }} l9 -5 v10 z"/>
</g>
{% endif %}
{% endfor %}
{% for box in picture.boxes %}
<g class="{{ box.state }}">
<rect class="box" x="52" y="{{ box.y }}" width="256" height="{{ picture.box }}" rx="6"/>
<text class="title" x="64" y="{{ box.y + 21 }}">{{ box.name }}{{ ' (home)' if box.home }}</text>
<text class="words" x="64" y="{{ box.y + 40 }}">{{ box.uses }}</text>
<text class="words" x="64" y="{{ box.y + 58 }}">{{ box.nodes }}{% if not box.home %}; {{ box.lag }}{% endif %}</text>
</g>
{% endfor %}
</svg>
<figcaption>Left: {{ status.home }}'s identity goes to the replicas. Right: whose keystone the services of a region
use. A dashed line is broken where it is red; else nobody knows.</figcaption>
</figure>
</section>
{% for region in regions %}
<section aria-labelledby="region-{{ loop.index }}">
<h2 id="region-{{ loop.index }}">{{ region.name }}</h2>
<div class="wide"><table>
<tbody>
{% for label, text in region.rows %}
<tr><th scope="row">{{ label }}</th><td>{{ text }}</td></tr>
{% endfor %}
</tbody>
</table></div>
{% for title, plot in region.plots %}
<figure>
<svg class="plot" viewBox="-14 -16 {{ width + 70 }} {{ height + 36 }}" role="img" \
aria-label="{{ title }} in {{ region.name }}: \
{{ '%.3f' | format(plot.last) }} s now, {{ '%.3f' | format(plot.most) }} s is the upper edge">
<path class="axis" fill="none" d="M0 0 V{{ height }} H{{ width }}"/>
{% for x, where in plot.marks %}
<path class="mark" d="M{{ x }} 0 V{{ height }}"/>\
<text class="small" x="{{ x }}" y="-5" text-anchor="middle">{{ where }}</text>
{% endfor %}
<g class="info">
{% for points in plot.pieces %}
<polyline class="way" points="{{ points }}"/>
{% endfor %}
{% for x, y in plot.dots %}
<circle class="head" cx="{{ x }}" cy="{{ y }}" r="2"/>
{% endfor %}
</g>
<text class="small" x="{{ width + 4 }}" y="6">{{ '%.3g' | format(plot.most) }} s</text>
<text class="small" x="0" y="{{ height + 14 }}">{{ plot.begin }}</text>
<text class="small" x="{{ width }}" y="{{ height + 14 }}" text-anchor="end">{{ plot.end }}</text>
</svg>
<figcaption>{{ title }}{% if plot.last is not none %}: {{ '%.3f' | format(plot.last) }} s at last{% endif %}.\
{% if plot.marks %} Dashed: where identity moved.{% endif %}</figcaption>
</figure>
{% endfor %}
{% if region.endpoints %}
<h3>Endpoints</h3>
<div class="wide"><table>
<thead><tr><th scope="col">service</th><th scope="col">URL</th><th scope="col">answers</th></tr></thead>
<tbody>
{% for one in region.endpoints %}
<tr><td>{{ one.type }}</td><td>{{ one.url }} <span class="quiet">{{ one.interfaces }}</span></td>\
<td{% if one.problem %} class="error"{% endif %}>\
{{ 'not asked' if one.problem is none else one.problem or 'yes' }}</td></tr>
{% endfor %}
</tbody>
</table></div>
{% endif %}
{% if region.nodes or region.silent %}
<h3>Nodes</h3>
<div class="wide"><table>
<thead><tr><th scope="col">minion</th><th scope="col">its services validate at</th><th scope="col">adrift</th>\
<th scope="col">unmanaged</th></tr></thead>
<tbody>
{% for minion, node in region.nodes.items() %}
<tr><td>{{ minion }}</td><td>{% for one in node.services or () if one.validates %}{{ one.project }}: \
{{ one.at or one.url }}{{ '; ' if not loop.last }}{% endfor %}</td>\
<td>{{ node.counts.drift if node.counts else '?' }}</td>\
<td>{{ node.counts.unmanaged if node.counts else '?' }}</td></tr>
{% endfor %}
{% for minion in region.silent %}
<tr><td class="error" colspan="4">{{ minion }} does not answer</td></tr>
{% endfor %}
</tbody>
</table></div>
{% endif %}
{% for minion, node in region.nodes.items() if node.unmanaged %}
<h3>What names a keystone on {{ minion }}, and nobody manages</h3>
<div class="wide"><table>
<thead><tr><th scope="col">place</th><th scope="col">names</th><th scope="col">whose</th></tr></thead>
<tbody>
{% for one in node.unmanaged %}
<tr><td>{{ one.path }}:{{ one.line }}</td><td>{{ one.value }}</td><td>{{ one.region or 'not declared' }}</td></tr>
{% endfor %}
</tbody>
</table></div>
{% endfor %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
