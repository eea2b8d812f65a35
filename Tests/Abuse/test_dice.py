"""A seed is a run: the same dice, the same decks, the same order."""

import unittest

from dice import Deck, dice, user
from schedule import Schedule


class Dice(unittest.TestCase):
    def test_the_same_names_give_the_same_numbers(self):
        self.assertEqual(dice("7", "leave", 3).random(), dice("7", "leave", 3).random())
        self.assertEqual(user("7", "a"), user("7", "a"))
        for other in (("8", "leave", 3), ("7", "stay", 3), ("7", "leave", 4)):
            self.assertNotEqual(dice("7", "leave", 3).random(), dice(*other).random())

    def test_a_deck_is_dealt_whole(self):
        deck = Deck(range(10), 3)
        hands = [deck.deal("7", "name", number) for number in range(4)]
        self.assertEqual({card for hand in hands for card in hand}, set(range(10)))
        self.assertEqual(hands, [Deck(range(10), 3).deal("7", "name", number) for number in range(4)])
        self.assertNotEqual(hands, [Deck(range(10), 3).deal("8", "name", number) for number in range(4)])

    def test_a_number_gives_its_hand_without_those_before(self):
        self.assertEqual(Deck(range(50), 7).deal("7", "name", 5), Deck(range(50), 7).deal("7", "name", 5))


class Order(unittest.TestCase):
    def test_a_seed_gives_the_same_order_again(self):
        def order(seed):
            schedule = Schedule(seed, dict.fromkeys("abcdef", False))
            return [schedule.next() for _ in range(30)]
        self.assertEqual(order("7"), order("7"))
        self.assertNotEqual(order("7"), order("8"))
        self.assertEqual(sorted(order("7")[:6]), [(name, 0) for name in "abcdef"])

    def test_heavy_ones_come_one_at_a_time(self):
        schedule = Schedule("7", {"heavy": True, "too": True, "light": False})
        names = [schedule.next()[0] for _ in range(10)]
        self.assertEqual(len([name for name in names if name != "light"]), 1)
        first = next(name for name in names if name != "light")
        schedule.done(first)
        self.assertIn("heavy" if first == "too" else "too", [schedule.next()[0] for _ in range(3)])

    def test_heavy_ones_alone_wait(self):
        schedule = Schedule("7", {"heavy": True})
        self.assertEqual([schedule.next(), schedule.next()], [("heavy", 0), None])
        schedule.done("heavy")
        self.assertEqual(schedule.next(), ("heavy", 1))


if __name__ == "__main__":
    unittest.main()
