"""A disk for Redis alone, which can be full: a tmpfs that is made as small as what lies on it. Root only."""

import os
import pathlib
import shutil
import subprocess

SIZE, FILES = "8g", 100_000
BLOCK = os.sysconf("SC_PAGE_SIZE")


def possible():
    return os.geteuid() == 0 and shutil.which("mount") is not None


class Disk:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700)
        self.mount("-t", "tmpfs", "-o", f"size={SIZE},nr_inodes={FILES},mode=0700", "parley-chaos")

    def mount(self, *words):
        subprocess.run(["mount", *words, self.folder], check=True, capture_output=True, text=True)

    def fill(self):
        """Nothing more can be written."""
        for attempt in range(10):
            has = os.statvfs(self.folder)
            used = (has.f_blocks - has.f_bfree) * has.f_frsize
            try:
                # What is written between the look and the limit makes the limit too low, which the kernel refuses.
                return self.mount("-o", f"remount,size={used + 8 * attempt * BLOCK}")
            except subprocess.CalledProcessError:
                continue
        raise SystemExit("chaos: Redis' disk can't be filled")

    def allow_no_files(self):
        """Files grow, but there can't be another one."""
        has = os.statvfs(self.folder)
        self.mount("-o", f"remount,nr_inodes={has.f_files - has.f_ffree}")

    def empty(self):
        self.mount("-o", f"remount,size={SIZE},nr_inodes={FILES}")

    def close(self, is_kept):
        """What lay on it lies in the folder, where it is kept."""
        copy = self.folder.with_name("redis.kept")
        if is_kept:
            shutil.copytree(self.folder, copy)
        subprocess.run(["umount", self.folder], check=True)
        if is_kept:
            self.folder.rmdir()
            copy.rename(self.folder)
