"""How Sphinx makes the guide: `tests/run docs`."""

import ast
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

project = "saltext-openstack-regions"
author = "the authors of saltext-openstack-regions"
release = next(
    ast.literal_eval(node.value)
    for node in ast.parse((HERE.parent / "_utils" / "osregions" / "version.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__"
)
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "saltdocs"]
# The reference shows names, arguments and docstrings. None of that comes from these, so the build needs no Salt, and
# takes seconds. Whether the modules load in a real Salt is what tests/delivery looks at.
autodoc_mock_imports = ["salt", "pymysql", "memcache", "cryptography"]
nitpicky = True  # a name that leads nowhere is a fault
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["README.md"]
highlight_language = "none"
smartquotes = False  # what is copied out of the text must work
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["guide.css"]
html_title = f"OpenStack regions by Salt {release}"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
