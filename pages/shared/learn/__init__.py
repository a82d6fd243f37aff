"""Lessons and exercises: what they are made of, what is written in them, and the desk at which they are worked on."""
