"""A kind of violation that comes a thousand times doesn't hide another one."""

import unittest

import table


class Table(unittest.TestCase):
    def test_the_first_of_each_kind_and_how_many_there_are(self):
        many = [f"a page of 9b11d5ac-{number} before inf has 'g-{number} 1.0' as {number}, which was changed to None"
                for number in range(1000)]
        lines = list(table.found([*many, *many, "w-1 was acknowledged as 20, stored is None"]))
        self.assertEqual(lines, [
            *(f"- {violation}" for violation in many[:table.SHOWN]), "- … and 997 like these",
            "- w-1 was acknowledged as 20, stored is None"])


if __name__ == "__main__":
    unittest.main()
