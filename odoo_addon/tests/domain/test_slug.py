import unittest

from domain.slug import numbered, slugify


class TestSlug(unittest.TestCase):
    def test_slugs(self):
        self.assertEqual(slugify("Zähler für Ziffern!"), "zahler-fur-ziffern")
        self.assertEqual(slugify("3D"), "m-3d")
        self.assertEqual(slugify("数字"), "model")
        self.assertEqual(len(slugify("x" * 100)), 40)
        self.assertEqual(slugify("a" * 39 + "-b"), "a" * 39)
        self.assertEqual(numbered("a" * 40, 12), "a" * 37 + "-12")
