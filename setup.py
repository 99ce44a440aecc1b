"""Build of saltext-openstack-regions: the pip delivery of the same source that file roots and gitfs deliver.

Salt's folders (`_modules`, `_states`, ...) become the namespace package `saltext.openstack_regions`, which Salt's
loader finds by its entry point; the pure package under `_utils/` is installed under its own name, so that
`from osregions import ...` is the import line in either delivery. The formula (`salt/`) is not installed: SLS files
reach a master by its file roots or gitfs, whichever way the modules came.
"""

import ast
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
NAMESPACE = "saltext.openstack_regions"

# Salt's loader asks an entry point's package for these sub-packages; `_utils` is ours and goes elsewhere.
LOADER_FOLDERS = {
    "_beacons": "beacons",
    "_engines": "engines",
    "_executors": "executors",
    "_grains": "grains",
    "_matchers": "matchers",
    "_modules": "modules",
    "_output": "output",
    "_pillar": "pillar",
    "_proxy": "proxy",
    "_renderers": "renderers",
    "_returners": "returners",
    "_runners": "runners",
    "_sdb": "sdb",
    "_serializers": "serializers",
    "_states": "states",
    "_tops": "tops",
    "_wheel": "wheel",
}


def version():
    """Return the version that the source states, without importing it (its dependencies may not be there yet)."""
    tree = ast.parse((HERE / "_utils" / "osregions" / "version.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__version__":
            return ast.literal_eval(node.value)
    raise SystemExit("_utils/osregions/version.py has no line `__version__ = ...`")


def packages():
    """Return {package name: folder} of all that is installed, by looking at what is there."""
    found = {}
    for folder, kind in sorted(LOADER_FOLDERS.items()):
        if any((HERE / folder).glob("*.py")):
            found[f"{NAMESPACE}.{kind}"] = folder
    for init in sorted((HERE / "_utils").rglob("__init__.py")):
        package = init.parent.relative_to(HERE / "_utils")
        found[".".join(package.parts)] = str(Path("_utils") / package)
    return found


PACKAGES = packages()

setup(
    name="saltext-openstack-regions",
    version=version(),
    description="Several OpenStack clusters as the regions of one cloud, declared in pillar and applied by Salt",
    long_description=(HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: OpenStack",
        "Intended Audience :: System Administrators",
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        "Topic :: System :: Systems Administration",
    ],
    python_requires=">=3.10",
    install_requires=["salt>=3006", "PyMySQL>=1.0", "python-memcached>=1.59"],
    packages=sorted(PACKAGES),
    package_dir=PACKAGES,
    include_package_data=False,
    zip_safe=False,
    entry_points={"salt.loader": [f"{NAMESPACE}={NAMESPACE}"]},
)
