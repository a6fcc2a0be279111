"""The pause image: a container that owns a task's network and does nothing.

On ECS a task in awsvpc mode has one network namespace, held by a pause
container, and its containers share localhost (Amazon ECS Developer Guide,
"Allocate a network interface for an Amazon ECS task").  The image is made here,
byte by byte, because there is no registry to fetch one from.
"""

import io
import struct
import tarfile

_X86_64 = bytes([
    0xB8, 0x22, 0x00, 0x00, 0x00,  # mov  eax, 34     system call number of pause()
    0x0F, 0x05,                    # syscall          returns only when a handler ran; there is none
    0xEB, 0xF7,                    # jmp  -9          start over
])

_AARCH64 = b"".join(struct.pack("<I", word) for word in (
    0xD2800000,  # mov x0, #0      no file descriptors
    0xD2800001,  # mov x1, #0      none of them
    0xD2800002,  # mov x2, #0      no time limit
    0xD2800003,  # mov x3, #0      no signal mask
    0xD2800928,  # mov x8, #73     system call number of ppoll(); aarch64 has no pause()
    0xD4000001,  # svc #0
    0x17FFFFFA,  # b   -24         start over
))

_BASE = 0x400000
_HEADER = 64 + 56  # one ELF header, one program header


def elf(machine):
    """A static executable that sleeps for ever, for `x86_64` or `aarch64`."""
    number, code = {"x86_64": (62, _X86_64), "aarch64": (183, _AARCH64)}[machine]
    size = _HEADER + len(code)
    identity = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)  # 64 bits, little endian, version 1, System V
    header = identity + struct.pack(
        "<HHIQQQIHHHHHH",
        2, number, 1,             # executable, machine, version
        _BASE + _HEADER, 64, 0,   # entry point, program headers at 64, no section headers
        0, 64, 56, 1, 0, 0, 0)    # flags, header size, one program header of 56 bytes, no sections
    segment = struct.pack(
        "<IIQQQQQQ",
        1, 5, 0,                  # load, readable and executable, from the file's start
        _BASE, _BASE,             # virtual and physical address
        size, size, 0x1000)       # size in the file and in memory, alignment
    return header + segment + code


def image_tar(machine):
    """The image's root: /pause and the mount points the volume helper needs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        program = elf(machine)
        entry = tarfile.TarInfo("pause")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
        for name in ("volume", "etc", "dev", "proc", "sys"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
    return buffer.getvalue()


def machine_of(architecture):
    """Docker's name of the architecture -> the executable's machine, or None."""
    return {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}.get(architecture)
