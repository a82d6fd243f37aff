"""What can be learned here, in order: lessons, then exercises, by the name that an address has for each."""

from __future__ import annotations

from pages.shared.learn.exercises import EXERCISES
from pages.shared.learn.lesson import Lesson
from pages.shared.learn.lessons import LESSONS

COURSE: dict[str, Lesson] = {**LESSONS, **EXERCISES}
