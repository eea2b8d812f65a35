"""A disk that is full takes nothing more; one that takes no new file lets the old ones grow. Root only."""

import errno
import pathlib
import tempfile
import unittest

import disk


@unittest.skipUnless(disk.possible(), "a tmpfs needs root")
class FullDisk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name) / "redis"
        self.disk = disk.Disk(self.folder)
        self.addCleanup(self.close)
        self.file = open(self.folder / "file", "wb", buffering=0)

    def close(self):
        self.file.close()
        if self.disk:
            self.disk.close(is_kept=False)

    def write(self):
        return self.file.write(bytes(64 * disk.BLOCK))

    def test_full_and_empty_again(self):
        self.write()
        self.disk.fill()
        with self.assertRaises(OSError) as raised:
            self.write(), self.write()
        self.assertEqual(raised.exception.errno, errno.ENOSPC)
        self.disk.empty()
        self.write()

    def test_no_new_file(self):
        self.disk.allow_no_files()
        self.write()
        with self.assertRaises(OSError) as raised:
            (self.folder / "another").touch()
        self.assertEqual(raised.exception.errno, errno.ENOSPC)
        self.disk.empty()
        (self.folder / "another").touch()

    def test_what_lay_on_it_is_kept(self):
        self.write()
        self.file.close()
        self.disk.close(is_kept=True)
        self.disk = None
        self.assertEqual((self.folder / "file").stat().st_size, 64 * disk.BLOCK)


if __name__ == "__main__":
    unittest.main()
