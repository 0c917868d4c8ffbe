"""Compiles a seccomp.json as container engines do, with libseccomp, and writes the
program: libseccomp.py PROFILE OUTPUT. Names that the library does not know are skipped."""
import ctypes
import json
import sys


class Comparison(ctypes.Structure):  # struct scmp_arg_cmp of seccomp.h
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


MASKED_EQ = 7
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
library.seccomp_init.argtypes = [ctypes.c_uint32]
library.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Comparison)]
library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]


def action(name, errno):
    return {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x50000 | (errno or 0), "SCMP_ACT_KILL_PROCESS": 0x80000000}[name]


profile = json.load(open(sys.argv[1]))
context = library.seccomp_init(action(profile["defaultAction"], profile.get("defaultErrnoRet")))
for entry in profile["syscalls"]:
    comparisons = []
    for arg in entry.get("args", []):
        assert arg["op"] == "SCMP_CMP_MASKED_EQ"
        comparisons.append(Comparison(arg["index"], MASKED_EQ, arg["value"], arg["valueTwo"]))
    array = (Comparison * max(1, len(comparisons)))(*comparisons)
    for name in entry["names"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            continue
        error = library.seccomp_rule_add_array(
            context, action(entry["action"], entry.get("errnoRet")), number, len(comparisons), array)
        assert error == 0, (name, error)
with open(sys.argv[2], "wb") as output:
    assert library.seccomp_export_bpf(context, output.fileno()) == 0
