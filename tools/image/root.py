"""A clean root: what python:N-slim holds, put together from this machine's Debian and a Python on it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

SEEDS = ("base-files", "base-passwd", "ca-certificates", "netbase", "tzdata")
"""Packages that a slim image has, beside those without which Debian is none."""

ETC = ("ssl/certs", "hosts", "resolv.conf", "nsswitch.conf", "ld.so.conf", "ld.so.conf.d")
LEFT_OUT = re.compile(r"/usr/share/(doc|man|info|locale|lintian|bug|common-licenses)/")
ACCOUNTS = {"passwd.master": "passwd", "group.master": "group"}
UNUSED = shutil.ignore_patterns("test", "idle_test", "idlelib", "tkinter", "turtledemo", "__pycache__", "*.a")

ENTER = """set -e
root=$1 user=$2 folder=$3 kept=$4 brought=$5; shift 5
mount --bind "$root" "$root"
if [ -n "$kept" ]; then
    mount -o remount,bind,ro "$root"
    mount --bind "$root$kept" "$root$kept"
    mount -o remount,bind,rw "$root$kept"
fi
for each in $brought; do mount --bind -o ro "$each" "$root$each"; done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
ip link set lo up
exec chroot --userspec="$user" "$root" /bin/sh -c 'cd "$1"; shift; exec "$@"' sh "$folder" "$@"
"""
"""Goes into a root, as a user and in a folder, and runs the command that comes last."""


class Impossible(Exception):
    """Something that this machine does not have or allow."""


def make(root: Path, python: Path) -> None:
    """Fill `root` with Debian's base, and the Python at a prefix as /usr/local."""
    root.mkdir(parents=True)
    _unpack(root, [*_files(_needed()), *_libraries(python), *_etc()])
    for name in ("proc", "dev", "sys", "tmp", "root", "var/lib", "opt", "usr/local/bin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for master, name in ACCOUNTS.items():
        shutil.copy(root / "usr/share/base-passwd" / master, root / "etc" / name)
    _copy_python(python, root / "usr/local")
    _run("chroot", str(root), "/sbin/ldconfig")


def enter(
    root: Path,
    command: Sequence[str],
    *,
    user: str = "0:0",
    folder: str = "/",
    kept: str = "",
    brought: Iterable[str] = (),
    alone: bool = False,
) -> list[str]:
    """Return the command that runs another one inside of a root, as its first process.

    With `kept`, all but that folder can only be read. `alone` gives it a network of its own.
    """
    room = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *(["--net"] if alone else [])]
    return [*room, "/bin/sh", "-c", ENTER, "sh", str(root), user, folder, kept, " ".join(brought), *command]


def beside(first: int, command: Sequence[str], *, user: str, folder: str) -> list[str]:
    """Return the command that runs another one beside a root's first process, as an engine does."""
    number, _, group = user.partition(":")
    into = ["nsenter", f"--target={first}", "--mount", "--pid", "--net", f"--root=/proc/{first}/root"]
    who = ["setpriv", f"--reuid={number}", f"--regid={group}", "--clear-groups"]
    return [*into, *who, "/bin/sh", "-c", 'cd "$1"; shift; exec "$@"', "sh", folder, *command]


def child_of(process: int) -> int:
    """Return the process that another one started: the first one in its room."""
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


def _needed() -> set[str]:
    """Return Debian's required packages and the seeds, with all they depend on."""
    shown = "${Package}\t${Priority}\t${Essential}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
    needs: dict[str, list[str]] = {}
    given: dict[str, str] = {}
    wanted = list(SEEDS)
    for line in _run("dpkg-query", "--show", f"--showformat={shown}").splitlines():
        name, priority, essential, provides, depends = line.split("\t")
        needs[name] = re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", depends)
        given |= dict.fromkeys(re.findall(r"(?:^|,)\s*([a-z0-9.+-]+)", provides), name)
        if priority == "required" or essential == "yes":
            wanted.append(name)
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        name = name if name in needs else given.get(name, "")
        if name and name not in found:
            found.add(name)
            wanted += needs[name]
    return found


def _files(packages: set[str]) -> list[str]:
    listed = _run("dpkg-query", "--listfiles", *sorted(packages)).splitlines()
    return [path for path in listed if path.startswith("/") and path != "/." and not LEFT_OUT.match(path)]


def _libraries(python: Path) -> list[str]:
    """Return the libraries of this machine that Python needs, with the links to them."""
    parts = [
        *python.glob("lib/python3*/lib-dynload/[!_]*.so"),
        *python.glob("lib/python3*/lib-dynload/_[!t]*.so"),
    ]
    said = subprocess.run(["ldd", *map(str, parts)], capture_output=True, text=True, check=False).stdout
    paths = {path for path in re.findall(r"=> (/\S+)", said) if not path.startswith(f"{python}/")}
    return [*paths, *map(os.path.realpath, paths)]


def _etc() -> list[str]:
    """Return what a step needs of this machine's /etc: names, and whom to trust."""
    found = [Path("/etc", name) for name in ETC]
    return [str(path) for each in found for path in (each, *each.rglob("*"))]


def _unpack(root: Path, paths: Iterable[str]) -> None:
    """Copy paths of this machine into a root; of a folder only what is named as well."""
    # Where /bin is a link, what is said to be in it comes by way of what it leads to.
    plain = (str(Path(path).parent.resolve() / Path(path).name) for path in paths)
    there = sorted({path.lstrip("/") for path in plain if os.path.lexists(path)})
    pack = ["tar", "-C", "/", "-cf", "-", "--null", "--no-recursion", "--files-from=-"]
    packed = subprocess.run(pack, input="\0".join(there).encode(), stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-C", str(root), "-xpf", "-"], input=packed.stdout, check=True)


def _copy_python(python: Path, to: Path) -> None:
    """Copy a Python with nothing installed into it but pip."""
    home = next(python.glob("lib/python3.*"))
    version, packages = home.name, to / "lib" / home.name / "site-packages"

    def unused(folder: str, names: list[str]) -> set[str]:
        return UNUSED(folder, names) | ({"site-packages"} if folder == str(home) else set())

    shutil.copytree(home, to / "lib" / version, ignore=unused, symlinks=True)
    for library in python.glob("lib/libpython*.so*"):
        shutil.copy(library, to / "lib" / library.name, follow_symlinks=False)
    for part in (home / "site-packages").glob("pip*"):
        shutil.copytree(part, packages / part.name, ignore=UNUSED)
    shutil.copy(python / "bin" / version, to / "bin" / version)
    for name in ("python", "python3"):
        (to / "bin" / name).symlink_to(version)
    pip = to / "bin" / "pip"
    pip.write_text(f"#!/usr/local/bin/{version}\nfrom pip._internal.cli.main import main\nmain()\n")
    pip.chmod(0o755)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Impossible(f"`{' '.join(command)[:80]}` failed: {done.stderr.strip()}")
    return done.stdout
