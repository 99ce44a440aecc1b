"""A real keystone of the tests' own, run from the lab's image: the packaged programs, our folder, loopback ports.

Every command sees the image through an overlay in a mount namespace of its own, so the image stays as it is and nothing
is left mounted, however a test ends. The folder of a keystone has the same path inside and outside: its configuration
can be read and changed by what is under test.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.support import ports, venvs
from tests.support.mariadb import Database, MariaDB

ROOT = Path(__file__).resolve().parents[2]
CACHE = venvs.CACHE / "keystone"
PLACEHOLDER = "http://keystone.invalid:5000"  # what the kept dump says where a keystone's own address belongs

_ENTER = """
mount -t tmpfs tmpfs "$STAGE"
mkdir "$STAGE/upper" "$STAGE/work" "$STAGE/root"
mount -t overlay overlay -o "lowerdir=$LAYERS,upperdir=$STAGE/upper,workdir=$STAGE/work" "$STAGE/root"
mount --bind /proc "$STAGE/root/proc"
mount --rbind /dev "$STAGE/root/dev"
mkdir -p "$STAGE/root$FOLDER"
mount --bind "$FOLDER" "$STAGE/root$FOLDER"
exec chroot "$STAGE/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    OS_KEYSTONE_CONFIG_FILES="$FOLDER/keystone.conf" "$@"
"""


@dataclass(frozen=True)
class Image:
    """The layers of the lab's image that hold a keystone of that release, the uppermost first."""

    release: str
    layers: tuple[Path, ...]

    @classmethod
    def find(cls, release: str = "22") -> Image:
        """Ask the lab for its image; the lab builds what is missing of it."""
        done = subprocess.run(
            [str(ROOT / "lab" / "image"), "--keystone", release],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"lab/image --keystone {release} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        layers = [Path(line) for line in done.stdout.splitlines()]
        # Salt's layer is of no use here, and would make what we keep depend on Salt's release.
        return cls(release, tuple(layer for layer in layers if not layer.name.startswith("salt-")))

    @property
    def digest(self) -> str:
        return hashlib.sha256(" ".join(map(str, self.layers)).encode()).hexdigest()[:12]

    def file(self, name: str) -> Path:
        """Return the file of that name as a command in the image would see it."""
        for layer in self.layers:
            if (layer / name).is_file():
                return layer / name
        raise FileNotFoundError(f"no {name} in {', '.join(map(str, self.layers))}")

    def command(self, folder: Path, *command: str) -> tuple[list[str], dict[str, str]]:
        """Return a command (and its environment) that runs in the image, with the folder in its place."""
        stage = folder / "stage"
        stage.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "STAGE": str(stage),
            "LAYERS": ":".join(map(str, self.layers)),
            "FOLDER": str(folder),
        }
        enter = ["unshare", "--mount", "--propagation", "private", "bash", "-euc", _ENTER, "enter"]
        return [*enter, *command], environment

    def run(self, folder: Path, *command: str, **options) -> str:
        """Run a command in the image and return what it said."""
        words, environment = self.command(folder, *command)
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options
        )
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise RuntimeError(f"{command[0]} {command[1]} in the image ended with {done.returncode}:\n{said}")
        return done.stdout

    def manage(self, folder: Path, *arguments: str) -> str:
        """Run the image's keystone-manage on the folder's keystone.conf."""
        return self.run(folder, "keystone-manage", "--config-file", str(folder / "keystone.conf"), *arguments)


@dataclass(frozen=True)
class Template:
    """A keystone's database and keys, made once per image by its own keystone-manage and kept in the cache."""

    folder: Path

    @property
    def schema(self) -> str:
        """What `keystone-manage db_sync` makes, as SQL text."""
        return (self.folder / "schema.sql").read_text()

    @property
    def bootstrapped(self) -> str:
        """The same after `keystone-manage bootstrap`; holds PLACEHOLDER where the keystone's address belongs."""
        return (self.folder / "bootstrapped.sql").read_text()

    @property
    def password(self) -> str:
        """The admin's password in `bootstrapped`."""
        return (self.folder / "password").read_text()

    @classmethod
    def make(cls, image: Image, mariadb: MariaDB) -> Template:
        kept = CACHE / f"{image.release}-{image.digest}"
        if kept.is_dir():
            return cls(kept)
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{image.release}-unfinished-", dir=CACHE))
        try:
            database = mariadb.create("keystone_template")
            write_conf(image, folder, database)
            image.manage(folder, "db_sync")
            (folder / "schema.sql").write_text(mariadb.dump(database.name))
            for keys in ("fernet", "credential"):
                image.manage(folder, f"{keys}_setup", "--keystone-user", "root", "--keystone-group", "root")
            password = secrets.token_urlsafe(12)
            (folder / "password").write_text(password)
            image.run(
                folder,
                "sh",
                "-c",
                # the password goes by the environment, and the environment is made inside
                'OS_BOOTSTRAP_PASSWORD=$(cat "$0/password") keystone-manage --config-file "$0/keystone.conf" "$@"',
                str(folder),
                "bootstrap",
                *("--bootstrap-username", "admin", "--bootstrap-project-name", "admin"),
                *("--bootstrap-role-name", "admin", "--bootstrap-service-name", "keystone"),
                *("--bootstrap-region-id", "RegionOne"),
                *(f"--bootstrap-{kind}-url={PLACEHOLDER}/v3" for kind in ("admin", "public", "internal")),
            )
            (folder / "bootstrapped.sql").write_text(mariadb.dump(database.name))
            mariadb.drop(database.name)
            (folder / "keystone.conf").unlink()  # named the template's database
            folder.rename(kept)
            for older in CACHE.glob(f"{image.release}-????????????"):  # of an image that is no more
                if older != kept:
                    shutil.rmtree(older, ignore_errors=True)
        except OSError:
            if not kept.is_dir():  # another run was faster, and its template is as good
                raise
        finally:
            if folder.is_dir():
                shutil.rmtree(folder)
        return cls(kept)


def write_conf(image: Image, folder: Path, database: Database) -> Path:
    """Write the packaged keystone.conf, comments and all, with what every keystone needs set in it."""
    conf = folder / "keystone.conf"
    settings = {
        "database": [f"connection = {database.url}", "max_pool_size = 5"],
        "fernet_tokens": [f"key_repository = {folder}/fernet-keys"],
        "fernet_receipts": [f"key_repository = {folder}/fernet-keys"],
        "credential": [f"key_repository = {folder}/credential-keys"],
        "DEFAULT": [f"log_file = {folder}/keystone.log", "max_token_size = 255"],
    }
    lines = []
    for line in image.file("etc/keystone/keystone.conf").read_text().splitlines():
        if line.startswith(("log_file", "log_dir", "connection")):
            continue
        lines.append(line)
        if line.startswith("[") and line.endswith("]"):
            lines += settings.pop(line[1:-1], [])
    for section, options in settings.items():
        lines += [f"[{section}]", *options]
    conf.write_text("\n".join(lines) + "\n")
    conf.chmod(0o640)
    return conf


class Keystone:
    """One running keystone: `url`, `conf`, `openrc`, `database`, `release`, `password` (the admin's)."""

    def __init__(self, image: Image, template: Template, mariadb: MariaDB, folder: Path, name: str = "keystone"):
        self.image, self.folder, self.release = image, folder, image.release
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.password = template.password
        self.database = mariadb.create(name, template.bootstrapped.replace(PLACEHOLDER, self.url))
        for keys in ("fernet-keys", "credential-keys"):
            shutil.copytree(template.folder / keys, folder / keys)
        self.conf = write_conf(image, folder, self.database)
        self.openrc = folder / "keystonerc_admin"
        self.openrc.touch(mode=0o600)
        self.openrc.write_text(
            "unset OS_SERVICE_TOKEN\n"
            "export OS_USERNAME=admin\n"
            f"export OS_PASSWORD={self.password}\n"
            f"export OS_AUTH_URL={self.url}/v3\n"
            "export PS1='[\\u@\\h \\W(keystone_admin)]\\$ '\n"
            "export OS_PROJECT_NAME=admin\n"
            "export OS_USER_DOMAIN_NAME=Default\n"
            "export OS_PROJECT_DOMAIN_NAME=Default\n"
            "export OS_REGION_NAME=RegionOne\n"
            "export OS_IDENTITY_API_VERSION=3\n"
        )
        self.log = folder / "keystone.log"
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        """The process id of uwsgi's master."""
        assert self._process is not None, "keystone was never started"
        return self._process.pid

    def start(self) -> None:
        """Start the packaged uwsgi application, small, and wait until it answers."""
        ini = self.folder / "keystone-uwsgi.ini"
        changed = {"apparmor-profile", "uid", "gid", "logto", "processes", "threads", "plugins", "chdir"}
        lines = self.image.file("etc/keystone/keystone-uwsgi.ini").read_text().splitlines()
        kept = [line for line in lines if line.split("=")[0].strip() not in changed]
        kept += ["plugins = python3", "processes = 2", "threads = 4", f"logto = {self.log}", "need-app = true"]
        ini.write_text("\n".join(kept) + "\n")
        words, environment = self.image.command(
            self.folder, "/usr/bin/uwsgi_python3", "--http-socket", f"127.0.0.1:{self.port}", "--ini", str(ini)
        )
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        ports.wait(self.answers, self._process, str(self.log), 90)

    def stop(self) -> None:
        ports.stop(self._process)

    def restart(self) -> None:
        """Let keystone read its configuration again."""
        self.stop()
        self.start()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v3", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def manage(self, *arguments: str) -> str:
        """Run this keystone's own keystone-manage."""
        return self.image.manage(self.folder, *arguments)

    def token(self, password: str | None = None) -> str:
        """Sign the admin in and return a token."""
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": password or self.password}},
        }
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        request = urllib.request.Request(
            f"{self.url}/v3/auth/tokens",
            data=json.dumps({"auth": {"identity": identity, "scope": scope}}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers["X-Subject-Token"]

    def api(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> dict:
        """Call the API as admin: `api("GET", "/regions")`; returns what came back ({} for nothing)."""
        request = urllib.request.Request(
            f"{self.url}/v3{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"X-Auth-Token": token or self.token(), "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")
