# Says, as JSON, what this interpreter is and which files it needs.
import importlib
import json
import os
import sys
import sysconfig

assert sys.version_info >= (3, 9), "Python %d.%d is too old" % sys.version_info[:2]
base = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
library = []
for key in ("stdlib", "platstdlib"):
    folder = os.path.realpath(sysconfig.get_path(key, vars={"base": sys.base_prefix, "platbase": sys.base_exec_prefix, "installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}))
    if folder not in library and os.path.isdir(folder):
        library.append(folder)
missing = []
for name in ("ctypes", "resource", "select", "socket", "json", "random", "decimal"):
    try:
        importlib.import_module(name)
    except ImportError:
        missing.append(name)
# Every extension module of the library loads what it is linked with.
for folder in library:
    dynamic = os.path.join(folder, "lib-dynload")
    for name in sorted(os.listdir(dynamic)) if os.path.isdir(dynamic) else []:
        if not name.startswith(("_test", "_ctypes_test", "_xx", "xx", "_tkinter")):
            try:
                importlib.import_module(name.partition(".")[0])
            except Exception:
                pass
files = set()
if os.path.exists("/proc/self/maps"):
    for line in open("/proc/self/maps", errors="surrogateescape"):
        path = line.rstrip("\n").split(None, 5)[5:]
        if path and ".so" in os.path.basename(path[0]) and path[0].startswith("/"):
            if not any(path[0].startswith(folder + "/") for folder in library):
                files.add(path[0])
print(json.dumps({
    "executable": base, "prefix": os.path.realpath(sys.base_prefix), "version": sys.version.split()[0], "library": library,
    "files": sorted(files), "missing": missing,
}))
